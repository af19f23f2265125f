"""A message as a trace looks at it."""

from __future__ import annotations

from dispatch.control.text import to_text
from dispatch.errors import ParseError
from dispatch.sip import name_addr
from dispatch.sip import uri as sip_uri
from dispatch.sip.flow import Flow
from dispatch.sip.message import Message


class Sighting:
    """A message on its way in or out; what of it can't be read is empty.

    Args:
        raw: it.
        flow: where it came from, or goes to.
        is_in: whether it came.

    Attributes:
        call_id: value of Call-ID.
        method: of the request, or of what a response answers.
        status: of a response; 0 of a request.
        begins: it is a request outside a dialog.
        local: our end.
    """

    __slots__ = ("_message", "begins", "call_id", "flow", "is_in", "local", "method", "raw", "status")

    def __init__(self, raw: bytes, flow: Flow, *, is_in: bool) -> None:
        self.raw = raw
        self.flow = flow
        self.is_in = is_in
        self.local = (flow.listener.host, flow.listener.port)
        self.call_id = self.method = b""
        self.status = 0
        self.begins = False
        self._message: Message | None = None
        try:
            message = Message(raw)
            self.call_id = message.call_id
            self.method = message.cseq[1]
            if message.is_request:
                self.method = message.method
                self.begins = message.to_tag is None
            else:
                self.status = message.status
            self._message = message
        except ParseError:
            return

    @property
    def text(self) -> str:
        """What it is, in short."""
        if self._message is None or not self.status:
            return to_text(self.method)
        return to_text(b"%d %b (%b)" % (self.status, self._message.reason, self.method))

    @property
    def opening(self) -> str:
        """The request that begins a call: ``INVITE sip:bob@example.com from alice to bob``."""
        uri = self._message.uri if self._message is not None else b""
        ends = f" from {self.user(b'from') or '?'} to {self.user(b'to') or '?'}"
        return f"{to_text(self.method)} {to_text(uri)}{ends}, Call-ID {to_text(self.call_id)}"

    def user(self, header: bytes) -> str:
        """The user part of the URI in From or To.

        Args:
            header: in lower case.
        """
        value = self._message.header(header) if self._message is not None else None
        if not value:
            return ""
        try:
            parsed = sip_uri.parse(name_addr.read(value, 0, len(value)).uri)
        except ParseError:
            return ""
        return to_text(parsed.user or b"") if parsed is not None else ""
