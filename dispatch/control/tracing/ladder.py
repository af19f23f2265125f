"""A call as a ladder: who began it on the left, we in the middle, whom it was sent to on the right."""

from __future__ import annotations

from typing import Final

from dispatch.control.tracing.record import Traced
from dispatch.control.tracing.step import CALL, DECISION, MESSAGE
from dispatch.sip.host import host_port

_PEER: Final = 21
_ARROW: Final = 28
_CLOCK: Final = slice(11, 26)  # of a time


def line(one: Traced) -> str:
    """A step in a line; what came from the network is not escaped in it."""
    head = f"{one.time[_CLOCK]}  {one.call or '-':>3}  "
    if one.kind == CALL:
        return f"{head}{one.text}"
    middle = head + " " * (_PEER + _ARROW + 1)
    if one.kind == DECISION:
        again = f", attempt {one.attempt}" if one.attempt > 1 else ""
        return f"{middle}* set {one.set}, {one.destination}{again}: {one.text}"
    if one.kind != MESSAGE:
        return f"{middle}* {one.text}"
    peer = host_port(one.remote, one.remote_port)
    text = f"{one.text} again" if one.again else one.text
    if one.side == "callee":
        return f"{middle}|{_arrow(text, is_right=one.direction == 'out')} {peer}"
    return f"{head}{peer:>{_PEER}} {_arrow(text, is_right=one.direction == 'in')}|"


def _arrow(text: str, *, is_right: bool) -> str:
    text = text[: _ARROW - 5]
    return f"- {text} ".ljust(_ARROW - 1, "-") + ">" if is_right else f"< {text} ".ljust(_ARROW, "-")
