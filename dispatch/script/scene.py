"""What a pseudo-variable is, and what it is read from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dispatch.script.values import Value, Values
from dispatch.sip.message import Message


class Scene(Protocol):
    """What variables are read from: a request, as the route has made it by now.

    Attributes:
        uri: the Request-URI, a rewritten one included.
        destination_uri: where it was told to go (``$du``); None when nobody said.
    """

    uri: bytes
    destination_uri: bytes | None

    @property
    def message(self) -> Message:
        """The request as it came."""

    @property
    def source(self) -> tuple[str, int]:
        """Address and port that it came from."""

    @property
    def received_at(self) -> tuple[str, int]:
        """Address and port of ours that it came to."""

    @property
    def protocol(self) -> bytes:
        """What it came by: ``udp``, ``tcp`` ..."""

    @property
    def values(self) -> Values:
        """What was remembered with it."""


Read = Callable[[Scene], Value]
Write = Callable[[Scene, Value], None]


@dataclass(frozen=True, slots=True)
class Variable:
    """A pseudo-variable as it stands somewhere.

    Attributes:
        read: its value.
        write: gives it another; None where it can only be read.
    """

    read: Read
    write: Write | None = None
