"""The order in which sets are listed: that of a height-balanced tree, left side, right side, then the set itself."""

from __future__ import annotations

from collections.abc import Iterable


class _Node:
    __slots__ = ("height", "key", "left", "right")

    def __init__(self, key: int) -> None:
        self.key = key
        self.height = 1
        self.left: _Node | None = None
        self.right: _Node | None = None


def listed(keys: Iterable[int]) -> list[int]:
    """The keys in listing order, given those in the order of their coming; all different."""
    root: _Node | None = None
    for key in keys:
        root = _insert(root, key)
    out: list[int] = []
    _walk(root, out)
    return out


def _walk(node: _Node | None, out: list[int]) -> None:
    if node is not None:
        _walk(node.left, out)
        _walk(node.right, out)
        out.append(node.key)


def _height(node: _Node | None) -> int:
    return node.height if node is not None else 0


def _lean(node: _Node) -> int:
    """How much higher the left side is."""
    return _height(node.left) - _height(node.right)


def _measure(node: _Node) -> None:
    node.height = 1 + max(_height(node.left), _height(node.right))


def _insert(node: _Node | None, key: int) -> _Node:
    if node is None:
        return _Node(key)
    if key < node.key:
        node.left = _insert(node.left, key)
    else:
        node.right = _insert(node.right, key)
    _measure(node)
    return _balanced(node)


def _balanced(node: _Node) -> _Node:
    lean = _lean(node)
    if lean > 1 and node.left is not None:
        if _lean(node.left) < 0:
            node.left = _turned_left(node.left)
        return _turned_right(node)
    if lean < -1 and node.right is not None:
        if _lean(node.right) > 0:
            node.right = _turned_right(node.right)
        return _turned_left(node)
    return node


def _turned_left(node: _Node) -> _Node:
    top = node.right
    assert top is not None
    node.right, top.left = top.left, node
    _measure(node)
    _measure(top)
    return top


def _turned_right(node: _Node) -> _Node:
    top = node.left
    assert top is not None
    node.left, top.right = top.right, node
    _measure(node)
    _measure(top)
    return top
