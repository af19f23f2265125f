"""What the algorithms ask of a request; whoever has a request brings an object like this."""

from __future__ import annotations

from typing import Protocol


class RequestView(Protocol):
    """A request, as far as picking looks at it. `dispatch.sip.message.Message` is one."""

    @property
    def method(self) -> bytes:
        """``INVITE``, ``BYE``..."""

    @property
    def call_id(self) -> bytes:
        """Value of Call-ID without the blanks around it; empty when there is none."""

    @property
    def uri(self) -> bytes:
        """The Request-URI as it is now, a rewritten one included."""

    def header(self, name: bytes) -> bytes | None:
        """Value of the first header of that name (long, lower case), without the blanks around it; None without one."""
