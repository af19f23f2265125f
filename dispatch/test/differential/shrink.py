"""A vector made as small as it can be while something still holds of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from dispatch.test.differential.requests import is_taken
from dispatch.test.vectors.vector import Vector

_TRIES: Final = 3000
# A request keeps these as they are.
_KEPT: Final = ("Via:", "Content-Length:")


def shrink(vector: Vector, holds: Callable[[Vector], bool], tries: int = _TRIES) -> Vector:
    """The smallest that was found: no single step, line, header or character less would do.

    Args:
        vector: one of which it holds.
        holds: whether a smaller one still shows the difference.
        tries: how many to look at.
    """
    while True:
        for smaller in _smaller(vector):
            tries -= 1
            if holds(smaller):
                vector = smaller
                break
            if not tries:
                return vector
        else:
            return vector


def _smaller(vector: Vector) -> Iterator[Vector]:
    """What is one thing less than the vector, the large things first."""
    for name in ("steps", "states"):
        for fewer in _fewer(vector.get(name, [])):
            yield {**vector, name: fewer}
    for text in _texts(vector["sets"]):
        yield {**vector, "sets": text}
    for message in _messages(vector):
        yield {**vector, "message": message}
    for at, step in enumerate(vector.get("steps", ())):
        for smaller in _smaller_steps(step):
            yield {**vector, "steps": [*vector["steps"][:at], smaller, *vector["steps"][at + 1 :]]}


def _smaller_steps(step: Vector) -> Iterator[Vector]:
    for name in ("listing", "predu", "then"):
        if name in step:
            yield {key: value for key, value in step.items() if key != name}
    if step.get("limit") is not None:
        for limit in (None, *range(1, step["limit"])):
            yield {**step, "limit": limit}
    for message in _messages(step):
        yield {**step, "message": message}


def _fewer(items: list[Any]) -> Iterator[list[Any]]:
    """Halves, quarters ... and at last single ones left out."""
    size = len(items) // 2
    while size:
        for at in range(0, len(items), size):
            if len(items) > size:
                yield items[:at] + items[at + size :]
        size //= 2


def _texts(text: str) -> Iterator[str]:
    """Lines less, then fields, then characters."""
    lines = text.splitlines(keepends=True)
    for fewer in _fewer(lines):
        yield "".join(fewer)
    for at, line in enumerate(lines):
        body = line.rstrip("\r\n")
        fields = body.split(" ")
        for shorter in (*map(" ".join, _fewer(fields)), *map(";".join, _fewer(body.split(";"))), *_shorter(body)):
            yield "".join((*lines[:at], shorter + line[len(body) :], *lines[at + 1 :]))


def _messages(step: Vector) -> Iterator[str]:
    """As `_requests`, those that are still requests."""
    return filter(is_taken, _requests(step)) if "message" in step else iter(())


def _requests(step: Vector) -> Iterator[str]:
    """Headers less, then characters of values, and those of the Request-URI."""
    head = step["message"].partition("\r\n\r\n")[0]
    start, *headers = head.split("\r\n")
    for fewer in _fewer([line for line in headers if not line.startswith(_KEPT)]):
        yield _joined(start, [line for line in headers if line.startswith(_KEPT) or line in fewer])
    for at, line in enumerate(headers):
        name, colon, value = line.partition(":")
        if not line.startswith(_KEPT):
            for shorter in _shorter(value):
                yield _joined(start, [*headers[:at], name + colon + shorter, *headers[at + 1 :]])
    method, _, rest = start.partition(" ")
    uri, _, version = rest.rpartition(" ")
    for shorter in _shorter(uri):
        yield _joined(f"{method} {shorter} {version}", headers)


def _shorter(text: str) -> Iterator[str]:
    for fewer in _fewer(list(text)):
        yield "".join(fewer)


def _joined(start: str, headers: list[str]) -> str:
    return "\r\n".join((start, *headers, "", ""))
