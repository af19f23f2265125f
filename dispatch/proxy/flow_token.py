"""Tokens that lead back to a connection, for peers that can't be called (RFC 5626 §5.3.1, RFC 7118 §5).

A browser has no address to call, nor has a phone behind NAT. Our Record-Route for its side gets a token as its user:
number of the connection, port and address of the peer, and a keyed hash of these and the Call-ID. So a request inside
the dialog finds the very connection that the dialog was begun on, nobody reaches one in whose calls he is not, and
nothing needs to be remembered.
"""

from __future__ import annotations

import hashlib

from dispatch.sip.flow import Flow, Listener
from dispatch.sip.host import canonical, comparable
from dispatch.sip.message import Message


class FlowTokens:
    """Makes tokens, and reads them.

    Args:
        secret: key of the hash.
    """

    def __init__(self, secret: bytes) -> None:
        self._hash = hashlib.blake2s(key=secret, digest_size=8, person=b"flow")

    def make(self, flow: Flow, call_id: bytes) -> bytes:
        """The token for this connection in this call."""
        host, port = flow.remote
        way = b"%x-%x-%b" % (flow.number, port, host.encode().hex().encode())
        return b"%b-%b" % (way, self._digest(way, call_id))

    def is_one(self, token: bytes, call_id: bytes) -> bool:
        """Whether we made it, for this call."""
        way, _, digest = token.rpartition(b"-")
        return digest == self._digest(way, call_id)

    def flow(self, token: bytes, listener: Listener) -> Flow | None:
        """The connection of a token that we made; None when it is gone."""
        number, port, host, _ = token.split(b"-")
        flow = listener.transport.flow_back(bytes.fromhex(host.decode()).decode(), int(port, 16))
        return flow if flow is not None and flow.number == int(number, 16) else None

    def _digest(self, way: bytes, call_id: bytes) -> bytes:
        digest = self._hash.copy()
        digest.update(b"%b %b" % (way, call_id))
        return digest.hexdigest().encode()


def hides(request: Message, flow: Flow) -> bool:
    """Whether only its connection leads back to the sender for certain.

    So it is with a browser, with a phone that knows itself by another address, and by TLS, where few callers have a
    certificate to be known by when they are called.
    """
    if flow.connection is None:
        return False
    if flow.listener.is_websocket or flow.listener.is_secure:
        return True
    host = request.via.host
    return comparable(host) != flow.host and canonical(host.decode("latin-1")) is not None
