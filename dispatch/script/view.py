"""A request as algorithms and pseudo-variables see it, with what the route has made of it."""

from __future__ import annotations

from dispatch.proxy.context import Context
from dispatch.script.values import Values
from dispatch.sip.message import Message


class View:
    """Provides `RequestView` and `Scene`; made for those requests only of which somebody asks so much.

    Attributes:
        uri: the Request-URI as it is by now.
        destination_uri: where the request was told to go (``$du``); None when nobody said.
        values: what was remembered with it.
    """

    __slots__ = ("_context", "destination_uri", "uri", "values")

    def __init__(self, context: Context, destination_uri: bytes | None) -> None:
        self._context = context
        self.uri = context.message.uri
        self.destination_uri = destination_uri
        self.values = Values()

    @property
    def message(self) -> Message:
        """The request as it came."""
        return self._context.message

    @property
    def method(self) -> bytes:
        return self._context.message.method

    @property
    def call_id(self) -> bytes:
        return self._context.message.call_id

    def header(self, name: bytes) -> bytes | None:
        return self._context.message.header(name)

    @property
    def source(self) -> tuple[str, int]:
        """Address and port that it came from."""
        return self._context.flow.remote

    @property
    def received_at(self) -> tuple[str, int]:
        """Address and port of ours that it came to."""
        listener = self._context.flow.listener
        return listener.host, listener.port

    @property
    def protocol(self) -> bytes:
        """What it came by, lower case."""
        return self._context.flow.listener.transport.name.lower()
