"""Text with pseudo-variables in it: ``hash the $fU@$ci``."""

from __future__ import annotations

from collections.abc import Callable

from dispatch.script import variables
from dispatch.script.scene import Read, Scene
from dispatch.script.values import shown


def compile(text: str) -> Callable[[Scene], bytes]:
    """What makes the text of a request; ``$$`` is a dollar sign.

    Raises:
        ValueError: a variable is not known, and what was probably meant.
    """
    parts: list[bytes | Read] = []
    at = 0
    while at < len(text):
        dollar = text.find("$", at)
        literal = text[at:] if dollar < 0 else text[at:dollar]
        if literal:
            parts.append(literal.encode())
        at += len(literal)
        if text[at : at + 2] == "$$":
            parts.append(b"$")
            at += 2
        elif at < len(text):
            variable, at = variables.parse(text, at)
            parts.append(variable.read)
    return _joining(parts)


def _joining(parts: list[bytes | Read]) -> Callable[[Scene], bytes]:
    def evaluate(scene: Scene) -> bytes:
        found = []
        for part in parts:
            found.append(part if isinstance(part, bytes) else shown(part(scene)))
        return b"".join(found)

    return evaluate
