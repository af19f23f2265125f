"""Where a message goes, and from which socket: values that the SIP core passes around without looking inside."""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """What the core needs of a transport; `dispatch.transport.interfaces.ISipTransport` says it in full."""

    name: bytes
    default_port: int
    reliable: bool

    def flow_to(self, host: str, port: int) -> Flow:
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


class Listener:
    """One local socket, as the SIP core sees it.

    Attributes:
        transport: carries what is sent from here.
        host: address it is bound to, IPv6 without brackets.
        port: port it is bound to.
        sent_by: ``host:port`` for Via and Record-Route; the advertised one if there is one (RFC 3261 §18.1.1).
        uri: what a Route header names it by.
        via: a Via line up to the value of its branch.
    """

    __slots__ = ("host", "port", "sent_by", "transport", "uri", "via")

    def __init__(self, transport: Transport, host: str, port: int, sent_by: bytes) -> None:
        self.transport = transport
        self.host = host
        self.port = port
        self.sent_by = sent_by
        self.via = b"Via: SIP/2.0/%b %b;branch=" % (transport.name, sent_by)
        self.uri = b"sip:%b" % sent_by
        if transport.name != b"UDP":
            self.uri += b";transport=%b" % transport.name.lower()


class Flow:
    """A way to a peer; the same object for the same way, so that it can be compared by identity.

    Attributes:
        listener: our end.
        remote: address (IPv6 without brackets) and port of the peer.
        connection: the stream it came on; None on UDP, and for "open one when needed".
        host: the address as it stands in a Via, IPv6 in brackets.
        sent_by: host and port as they stand in a Via.
    """

    __slots__ = ("connection", "host", "listener", "remote", "sent_by")

    def __init__(self, listener: Listener, remote: tuple[str, int], connection: object = None) -> None:
        self.listener = listener
        self.remote = remote
        self.connection = connection
        self.host = b"[%b]" % remote[0].encode() if ":" in remote[0] else remote[0].encode()
        self.sent_by = b"%b:%d" % (self.host, remote[1])
