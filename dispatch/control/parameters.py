"""Parameters as the original's RPC reads them: by position, a whole number where it wants one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dispatch.control.values import Fault, Parameter

_INVALID: Final = (500, "Invalid Parameters")


def invalid() -> Fault:
    """What is answered then; one of its own each time, as an exception keeps where it was raised."""
    return Fault(*_INVALID)


def integer(parameters: Sequence[Parameter], at: int) -> int:
    """A whole number.

    Raises:
        Fault: there is none at that place.
    """
    value = parameters[at] if at < len(parameters) else None
    if not isinstance(value, int):
        raise invalid()
    return value


def text(parameters: Sequence[Parameter], at: int, *, converts: bool = False) -> str:
    """A text.

    Args:
        converts: a number will do, as it is written.

    Raises:
        Fault: there is none at that place.
    """
    value = parameters[at] if at < len(parameters) else None
    if isinstance(value, str):
        return value
    if converts and isinstance(value, int):
        return str(value)
    raise invalid()
