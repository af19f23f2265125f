"""The variables that a route keeps things in: ``$avp``, ``$xavp``, ``$var``."""

from __future__ import annotations

import re
from collections.abc import Callable

from dispatch.script.scene import Scene, Variable
from dispatch.script.values import Value, text


def place(index: str | None) -> int | None:
    """0 where none is written; None for all (``[*]``)."""
    return None if index == "*" else int(index or 0)


def avp(inner: str, index: str | None) -> Variable:
    """``$avp(name)`` and ``$avp(s:name)`` are the same; a value that is assigned goes on top of those before."""
    name, at = avp_name(inner), place(index)
    if at is None:
        return Variable(
            lambda scene: b", ".join(map(text, scene.values.avps[name])) if name in scene.values.avps else None,
            lambda scene, value: scene.values.replace(name, [value] if value is not None else []),
        )
    if index is not None:
        return Variable(lambda scene: scene.values.avp(name, at))
    return Variable(lambda scene: scene.values.avp(name), lambda scene, value: scene.values.push(name, value))


def avp_name(inner: str) -> str:
    """What an AVP is known by; the type that may stand before the name is that of all others."""
    return inner.removeprefix("s:")


def xavp(inner: str, index: str | None) -> Variable:
    """``$xavp(root=>name)`` reads the newest root, ``$xavp(root[2]=>name)`` an older one; writing makes a new root."""
    found = re.fullmatch(r"([^\[\]=>]+)(?:\[(\d{1,9})\])?=>([^\[\]=>]+)", inner)
    if found is None or index is not None:
        raise ValueError(f"$xavp({inner}) is no XAVP; write $xavp(root=>name)")
    root, at, name = found[1], int(found[2] or 0), found[3]

    def read(scene: Scene) -> Value:
        roots = scene.values.xavps.get(root, ())
        return roots[at].get(name) if at < len(roots) else None

    def write(scene: Scene, value: Value) -> None:
        roots = scene.values.xavps.setdefault(root, [])
        if found[2] is None:
            roots.insert(0, {})
        if at < len(roots):
            roots[at].pop(name, None)
            if value is not None:
                roots[at][name] = value

    return Variable(read, write)


def script_variable(kind: str, before: Value) -> Callable[[str, str | None], Variable]:
    def make(inner: str, index: str | None) -> Variable:
        key = (kind, inner)

        def write(scene: Scene, value: Value) -> None:
            if value is not None:
                scene.values.variables[key] = value
            else:
                scene.values.variables.pop(key, None)

        return Variable(lambda scene: scene.values.variables.get(key, before), write)

    return make
