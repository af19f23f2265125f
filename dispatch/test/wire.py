"""A network for tests: transports that only remember, and messages to put on them."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from dispatch.errors import TransportError
from dispatch.sip.flow import Flow, Listener, Peer
from dispatch.transport.names.target import Place, Want, literal, place_of


class FakeTransport:
    """Remembers what was sent; `broken` names remote ports that can't be reached."""

    def __init__(self, name: bytes = b"UDP", host: str = "192.0.2.1", port: int = 5060, sent_by: bytes = b"") -> None:
        self.name = name
        self.default_port = 5061 if name == b"TLS" else 5060
        self.reliable = name != b"UDP"
        self.listener = Listener(self, host, port, sent_by or b"%b:%d" % (host.encode(), port))
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self.broken: set[int] = set()
        self._flows: dict[tuple[str, int, Peer | None], Flow] = {}

    def flow_to(self, host: str, port: int, peer: Peer | None = None) -> Flow:
        flow = self._flows.get((host, port, peer))
        if flow is None:
            flow = self._flows[host, port, peer] = Flow(self.listener, (host, port), peer=peer)
        return flow

    def flow_back(self, host: str, port: int) -> Flow | None:
        return self.flow_to(host, port)

    def send(self, message: bytes, flow: Flow) -> None:
        if flow.remote[1] in self.broken:
            raise TransportError("no route")
        self.sent.append((message, flow.remote))

    def take(self) -> list[tuple[bytes, tuple[str, int]]]:
        """All that was sent since the last time."""
        sent, self.sent = self.sent, []
        return sent

    def take_lines(self) -> list[str]:
        """As `take`, only start lines and ports: ``INVITE sip:b@example.com SIP/2.0 > 5070``."""
        return [f"{data.partition(bytes((13,)))[0].decode()} > {remote[1]}" for data, remote in self.take()]


class FakeResolver:
    """Knows addresses and the names it was given."""

    def __init__(self, names: dict[str, str] | None = None) -> None:
        self.names = names or {}
        self.places: dict[str, tuple[Place, ...]] = {}

    def find(self, want: Want) -> tuple[Place, ...] | None:
        address = literal(want.host) or self.names.get(want.host)
        return (place_of(want, (address,)),) if address is not None else self.places.get(want.host)

    def seek(self, want: Want) -> Deferred[tuple[Place, ...]]:
        found = self.find(want)
        return succeed(found) if found is not None else fail(TransportError(f"no address for {want.host!r}"))


def request(
    method: bytes = b"INVITE",
    uri: bytes = b"sip:bob@example.com",
    *,
    branch: bytes = b"z9hG4bKa1",
    via: bytes = b"192.0.2.9:5060",
    transport: bytes = b"UDP",
    call_id: bytes = b"call-1",
    cseq: int = 1,
    to_tag: bytes = b"",
    from_tag: bytes = b"f1",
    headers: bytes = b"",
    body: bytes = b"",
    max_forwards: bytes = b"70",
) -> bytes:
    """A request as a caller at 192.0.2.9:5060 would send it; `headers` are whole lines."""
    return (
        b"%b %b SIP/2.0\r\nVia: SIP/2.0/%b %b;branch=%b\r\n%bMax-Forwards: %b\r\n"
        b"From: <sip:alice@example.com>;tag=%b\r\nTo: <sip:bob@example.com>%b\r\n"
        b"Call-ID: %b\r\nCSeq: %d %b\r\nContent-Length: %d\r\n\r\n%b"
    ) % (
        *(method, uri, transport, via, branch, headers, max_forwards, from_tag),
        b";tag=" + to_tag if to_tag else b"",
        *(call_id, cseq, method, len(body), body),
    )


def response_to(request: bytes, status: int, *, to_tag: bytes = b"t1", headers: bytes = b"") -> bytes:
    """What a gateway answers to a request that it got."""
    lines = request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    kept = [
        line for line in lines if line.split(b":")[0] in (b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Record-Route")
    ]
    if to_tag and status > 100:
        kept = [line + b";tag=" + to_tag if line.startswith(b"To:") and b";tag=" not in line else line for line in kept]
    head = b"\r\n".join(kept)
    return b"SIP/2.0 %d Whatever\r\n%b\r\n%bContent-Length: 0\r\n\r\n" % (status, head, headers)


def header(message: bytes, name: bytes) -> list[bytes]:
    """The values of a header, line by line."""
    head = message.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return [line.partition(b":")[2].strip() for line in head if line.lower().startswith(name.lower() + b":")]


def ticking(clock: Clock, seconds: float) -> None:
    """Let time pass in steps that no timer slips through."""
    clock.pump([0.05] * round(seconds / 0.05))
