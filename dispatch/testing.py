r"""Try a route without a network: hand it a message, and see what it decides.

    from dispatch.testing import Stand, request

    stand = Stand(route, "2 sip:192.0.2.11:5060\n2 sip:192.0.2.12:5060\n")
    call = stand.receive(request("INVITE", "sip:bob@example.com"))
    assert call.destinations == ["sip:192.0.2.12:5060"]
    call.answer(503)
    assert call.destinations[-1] == "sip:192.0.2.11:5060"
    call.answer(200)
    assert call.status == 200

There is no reactor and no socket. Names have no addresses: write addresses into the list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from pathlib import Path
from random import Random
from typing import Final

from twisted.internet.defer import Deferred

from dispatch.balance import listfile
from dispatch.balance.dispatcher import Dispatcher
from dispatch.errors import ConfigErrors, ParseError
from dispatch.proxy.context import Context
from dispatch.proxy.dialog import Identity
from dispatch.proxy.proxy import Proxy
from dispatch.script.route import Router, Script
from dispatch.sip import build
from dispatch.sip import uri as sip_uri
from dispatch.sip.client_transaction import ClientTransaction, client_key
from dispatch.sip.effects import Socket
from dispatch.sip.flow import Flow, Listener, Peer
from dispatch.sip.message import Message
from dispatch.sip.server_transaction import Event, ServerTransaction, invite_key, server_key
from dispatch.sip.timers import Queues, Timers

__all__ = ["Call", "Stand", "request"]

CALLER: Final = ("192.0.2.1", 5060)
OURSELVES: Final = ("192.0.2.254", 5060)


def request(
    method: str = "INVITE",
    uri: str = "sip:bob@example.com",
    *,
    headers: dict[str, str] | None = None,
    body: str = "",
    call_id: str = "call-1",
    to_tag: str = "",
    branch: str = "",
) -> bytes:
    """A request as a caller at 192.0.2.1:5060 sends it.

    Args:
        headers: further ones, by name.
        to_tag: for a request inside a dialog.
        branch: of its Via; the same one again makes a copy.
    """
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/UDP {CALLER[0]}:{CALLER[1]};branch={branch or f'z9hG4bK{method}{call_id}'}",
        "Max-Forwards: 70",
        "From: <sip:alice@example.com>;tag=caller",
        f"To: <{uri}>" + (f";tag={to_tag}" if to_tag else ""),
        f"Call-ID: {call_id}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:alice@{CALLER[0]}:{CALLER[1]}>",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
        f"Content-Length: {len(body.encode())}",
    ]
    return "\r\n".join([*lines, "", body]).encode()


class _Wire:
    """A socket that only remembers."""

    name = b"UDP"
    default_port = 5060
    reliable = False

    def __init__(self) -> None:
        self.listener = Listener(self, *OURSELVES, b"%b:%d" % (OURSELVES[0].encode(), OURSELVES[1]))
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self._flows: dict[tuple[str, int], Flow] = {}

    def flow_to(self, host: str, port: int, peer: Peer | None = None) -> Flow:
        return self._flows.setdefault((host, port), Flow(self.listener, (host, port)))

    def flow_back(self, host: str, port: int) -> Flow | None:
        return self.flow_to(host, port)

    def send(self, message: bytes, flow: Flow) -> None:
        self.sent.append((message, flow.remote))


class _Core:
    """What the engine does, without time passing by itself."""

    def __init__(self, wire: _Wire) -> None:
        self.timers = Queues()
        self.wire = wire
        self.clients: dict[bytes, ClientTransaction] = {}
        self.servers: dict[bytes, ServerTransaction] = {}

    def add_client(self, transaction: ClientTransaction) -> None:
        self.clients[transaction.key] = transaction

    def forget_client(self, transaction: ClientTransaction) -> None:
        self.clients.pop(transaction.key, None)

    def add_server(self, transaction: ServerTransaction) -> None:
        self.servers[transaction.key] = transaction

    def forget_server(self, transaction: ServerTransaction) -> None:
        self.servers.pop(transaction.key, None)

    def find_server(self, key: bytes) -> ServerTransaction | None:
        return self.servers.get(key)

    def respond_anew(self, message: bytes, flow: Flow) -> None:
        """Nothing breaks here."""

    def locate(
        self, uri: bytes, inbound: Listener, socket: Socket | None = None, message: Message | None = None
    ) -> Flow | None:
        parsed = sip_uri.parse(uri)
        if parsed is None or not parsed.host[:1].isdigit():
            return None
        return self.wire.flow_to(parsed.host.decode(), parsed.port_number or 5060)

    def locate_other(
        self, uri: bytes, inbound: Listener, socket: Socket | None, message: Message | None, tried: Collection[Flow]
    ) -> Flow | None:
        return None

    def locate_later(
        self, uri: bytes, inbound: Listener, socket: Socket | None, then: Callable[[Flow | None], None]
    ) -> None:
        then(None)


class Stand:
    """A route and what it needs, on nothing.

    Args:
        route: of a native script.
        destinations: a destination list, as in a file.
        flags: of the dispatcher; 2 for failover.

    Raises:
        ConfigErrors: the list is wrong.
    """

    def __init__(self, route: Script, destinations: str = "", *, flags: int = 2) -> None:
        self._wire = _Wire()
        self._core = _Core(self._wire)
        self.dispatcher = Dispatcher(Random(1), flags=flags, clock=lambda: self._core.timers.now)
        roster = listfile.parse(destinations.encode(), Path("destinations"), ())
        if roster.errors:
            raise ConfigErrors(roster.errors)
        self.dispatcher.replace(roster)
        self.router = Router(self.dispatcher, route)
        self.router.pause = self._drive
        me = Identity((self._wire.listener,), (), b"testing")
        self._proxy = Proxy(self._core, me, Timers(), self.router)

    def receive(self, data: bytes, source: tuple[str, int] = CALLER) -> Call:
        """A request comes in.

        Raises:
            Exception: whatever the route raises.
        """
        message = Message(data)
        flow = self._wire.flow_to(*source)
        call = Call(self, message, len(self._wire.sent))
        server = self._core.servers.get(server_key(message))
        try:
            if server is not None and message.method != b"CANCEL":
                server.feed(Event.ACK if message.method == b"ACK" else Event.REQUEST)
            elif message.method == b"CANCEL":
                self._proxy.cancel(message, flow, self._core.servers.get(invite_key(message)))
            else:
                self._proxy.request(message, flow)
        except ParseError as error:
            self._proxy.refuse(message, flow, error)
        return call

    def wait(self, seconds: float) -> None:
        """Time passes."""
        until = self._core.timers.now + seconds
        while self._core.timers.now < until:
            self._core.timers.advance(min(until, self._core.timers.now + 0.1))

    def sent(self, start: int = 0) -> list[tuple[bytes, tuple[str, int]]]:
        """What left since then, and where to."""
        return self._wire.sent[start:]

    def respond(self, data: bytes, source: tuple[str, int]) -> None:
        """A response comes in."""
        message = Message(data)
        hears = self._proxy.hears_reply
        if hears is not None and not hears(message, self._wire.flow_to(*source)):
            return
        client = self._core.clients.get(client_key(message.branch, message.cseq[1]))
        if client is not None:
            client.receive(message)
        else:
            self._proxy.response(message, self._wire.flow_to(*source))

    def _drive(self, context: Context, step: object) -> None:
        context.wait(Timers().fr_timer)
        if isinstance(step, Coroutine):
            Deferred.fromCoroutine(step)


class Call:
    """A request that came in, and what became of it by now.

    Args:
        stand: where.
        message: the request.
        start: how much had been sent before.
    """

    def __init__(self, stand: Stand, message: Message, start: int) -> None:
        self._stand = stand
        self._message = message
        self._start = start

    @property
    def requests(self) -> list[bytes]:
        """Each copy of the request that left, the latest last."""
        return [data for data, _ in self._outgoing()]

    @property
    def destinations(self) -> list[str]:
        """Where they went: ``sip:192.0.2.11:5060``."""
        return [f"sip:{host}:{port}" for _, (host, port) in self._outgoing()]

    @property
    def replies(self) -> list[bytes]:
        """What the caller got, the latest last."""
        found = []
        for data, _ in self._stand.sent(self._start):
            reply = Message(data)
            if not reply.is_request and reply.cseq[1] == self._message.method and self._is_of_call(reply):
                found.append(data)
        return found

    @property
    def status(self) -> int:
        """Of the latest reply that the caller got, 0 before one."""
        replies = self.replies
        return Message(replies[-1]).status if replies else 0

    @property
    def reason(self) -> str:
        """Its reason phrase."""
        replies = self.replies
        return Message(replies[-1]).reason.decode() if replies else ""

    def answer(self, status: int, reason: str = "", *, headers: dict[str, str] | None = None, leg: int = -1) -> None:
        """A destination answers.

        Args:
            leg: number of the copy that is answered, from 0; the latest without it.
        """
        data, source = self._outgoing()[leg]
        request = Message(data)
        to = request.lines(b"to")
        if status > 100 and request.to_tag is None:
            to = to.rstrip() + b";tag=destination\r\n"
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items()).encode()
        self._stand.respond(
            b"".join(
                (
                    b"SIP/2.0 %d %b\r\n" % (status, reason.encode() or build.REASONS.get(status, b"Response")),
                    *(request.lines(name) for name in (b"via", b"record-route", b"from")),
                    to,
                    *(request.lines(name) for name in (b"call-id", b"cseq")),
                    lines,
                    b"Content-Length: 0\r\n\r\n",
                )
            ),
            source,
        )

    def cancel(self) -> None:
        """The caller hangs up before the answer."""
        raw = self._message.raw
        head = raw[raw.find(b" ") : self._message.head]
        self._stand.receive(b"CANCEL" + head.replace(b" INVITE\r\n", b" CANCEL\r\n"))

    def _outgoing(self) -> list[tuple[bytes, tuple[str, int]]]:
        """The copies of the request, without retransmissions."""
        found: list[tuple[bytes, tuple[str, int]]] = []
        for data, remote in self._stand.sent(self._start):
            one = Message(data)
            is_copy = one.is_request and one.method == self._message.method and self._is_of_call(one)
            if is_copy and (data, remote) not in found:
                found.append((data, remote))
        return found

    def _is_of_call(self, one: Message) -> bool:
        return one.call_id == self._message.call_id
