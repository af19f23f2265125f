"""Where a message goes, and from which socket: values that the SIP core passes around without looking inside."""

from __future__ import annotations

import itertools
import os
from typing import Final, NamedTuple, Protocol

from dispatch.sip.host import bracketed

_SECURE: Final = frozenset((b"TLS", b"WSS"))

_numbers: Final = itertools.count(int.from_bytes(os.urandom(6), "big"))


class Transport(Protocol):
    """What the core needs of a transport; `dispatch.transport.interfaces.ISipTransport` says it in full."""

    name: bytes
    default_port: int
    reliable: bool

    def flow_to(self, host: str, port: int, peer: Peer | None = None) -> Flow:
        """The way to an address.

        Raises:
            TransportError: it can't be reached from here.
        """

    def flow_back(self, host: str, port: int) -> Flow | None:
        """The way back to a peer that sent something from there; None when its connection is closed."""

    def send(self, message: bytes, flow: Flow) -> None:
        """Send, or queue until the connection is up.

        Raises:
            TransportError: the peer can't be reached.
        """


class Peer(NamedTuple):
    """Who is expected at an address, where the transport can tell (RFC 5922).

    Attributes:
        name: the SIP domain that he must prove, in ASCII; empty where none is known, and nobody can be trusted there.
        is_verified: False where anybody will do.
    """

    name: str
    is_verified: bool = True


class Listener:
    """One local socket, as the SIP core sees it.

    Attributes:
        transport: carries what is sent from here.
        host: address it is bound to, IPv6 without brackets.
        port: port it is bound to.
        sent_by: ``host:port`` for Via and Record-Route; the advertised one if there is one (RFC 3261 §18.1.1).
        uri: what a Route header names it by.
        secure_uri: the same for requests that must be safe on all of their way (RFC 5630).
        via: a Via line up to the value of its branch.
        is_secure: nobody between us and the peer can read or change what is sent.
        is_websocket: its peers are browsers, which can't be called.
    """

    __slots__ = ("host", "is_secure", "is_websocket", "port", "secure_uri", "sent_by", "transport", "uri", "via")

    def __init__(self, transport: Transport, host: str, port: int, sent_by: bytes) -> None:
        self.transport = transport
        self.host = host
        self.port = port
        self.sent_by = sent_by
        self.via = b"Via: SIP/2.0/%b %b;branch=" % (transport.name, sent_by)
        self.is_secure = transport.name in _SECURE
        self.is_websocket = transport.name in (b"WS", b"WSS")
        self.uri = b"sip:%b" % sent_by
        self.secure_uri = b"sips:%b" % sent_by
        if self.is_websocket:
            self.uri += b";transport=ws"  # of both (RFC 7118 §5.2.2)
            self.secure_uri += b";transport=ws"
        elif transport.name != b"UDP":
            self.uri += b";transport=%b" % transport.name.lower()


class Flow:
    """A way to a peer; the same object for the same way, so that it can be compared by identity.

    Attributes:
        listener: our end.
        remote: address (IPv6 without brackets) and port of the peer.
        connection: the stream it came on; None on UDP, and for "open one when needed".
        called: the way that this stream serves, where we opened it for that one; None on a caller's own.
        host: the address as it stands in a Via, IPv6 in brackets.
        peer: who is expected there; None where nobody can tell.
        sent_by: host and port as they stand in a Via.
        number: of the connection, never given again, also after a restart as good as never; 0 without one.
    """

    __slots__ = ("called", "connection", "host", "listener", "number", "peer", "remote", "sent_by")

    def __init__(
        self, listener: Listener, remote: tuple[str, int], connection: object = None, peer: Peer | None = None
    ) -> None:
        self.listener = listener
        self.remote = remote
        self.connection = connection
        self.called: Flow | None = None
        self.peer = peer
        self.number = 0 if connection is None else next(_numbers)
        self.host = bracketed(remote[0]).encode()
        self.sent_by = b"%b:%d" % (self.host, remote[1])
