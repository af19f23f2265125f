"""Phones in browsers, played by the package `websockets`, and a gateway of SIPp."""

from __future__ import annotations

import ssl
from typing import ClassVar

from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from dispatch.test.real import service
from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.scenario import accept, arrives, back, document, pause, reply, response, ringing
from dispatch.test.transport import certificates
from dispatch.test.wire import header, request

NAME = "lb.example"
PAGE = "https://phone.example.com"
HOST = b"df7jal23ls0d.invalid"  # what a browser calls itself (RFC 7118 §5)
CONTACT = b"<sip:alice@%b;transport=ws>" % HOST
_WAIT = 10.0  # seconds, for what must come


class Phone:
    """A page with a phone in it, in a call."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._to = b""

    def send(self, data: bytes) -> None:
        self._connection.send(data, text=True)

    def next(self) -> bytes:
        """The next message, which is text."""
        message = self._connection.recv(_WAIT, decode=False)
        return bytes(message)

    def until(self, start: bytes) -> bytes:
        """The next message that begins so; provisional answers may come before it."""
        while not (message := self.next()).startswith(start):
            if not message.startswith(b"SIP/2.0 1"):
                raise AssertionError(f"{start!r} should have come, it was {message!r}")
        return message

    def call(self) -> None:
        """Call somebody, and be in a call."""
        headers = b"Contact: %b\r\nSupported: outbound\r\n" % CONTACT
        self.send(request(via=HOST, transport=b"WS", headers=headers, body=b"v=0\r\n"))
        answer = self.until(b"SIP/2.0 200")
        routes = b",".join(header(answer, b"Record-Route")).split(b",")
        self.routes = b"".join(b"Route: %b\r\n" % route for route in reversed(routes))
        self._to = header(answer, b"To")[0].partition(b";tag=")[2]
        self._uri = header(answer, b"Contact")[0].strip(b"<>")
        self.say(b"ACK", 1)

    def say(self, method: bytes, cseq: int) -> None:
        """A request inside the call."""
        branch = b"z9hG4bK%b%d" % (method, cseq)
        inside = {"via": HOST, "transport": b"WS", "to_tag": self._to, "headers": self.routes, "branch": branch}
        self.send(request(method, self._uri, cseq=cseq, **inside))

    def answer(self, asked: bytes) -> None:
        """200 to a request inside the call."""
        names = (b"Via", b"From", b"To", b"Call-ID", b"CSeq")
        lines = b"".join(b"%b: %b\r\n" % (name, value) for name in names for value in header(asked, name))
        self.send(b"SIP/2.0 200 OK\r\n%bContact: %b\r\nContent-Length: 0\r\n\r\n" % (lines, CONTACT))


class _BrowserCase(RealCase):
    ours_only = True
    ws: ClassVar[str] = "ws"
    trust: ssl.SSLContext | None = None

    def start(self, gateway: Process | Socket) -> Socket:
        """The service with a socket for browsers; answers where that is."""
        at, udp = self.address(self.ws), self.address("udp")
        target = gateway.sockets[0] if isinstance(gateway, Process) else gateway
        more: dict[str, dict[str, service.Value]] = {"sip.websocket": {"origins": [PAGE]}, **self.more()}
        self.keep(service.start("proxy", self.folder, service.Plan((at, udp), (self.uri(target),), more=more)))
        return at

    def more(self) -> dict[str, dict[str, service.Value]]:
        """Further tables of the configuration."""
        return {}

    def connect(self, at: Socket, origin: str = PAGE, subprotocol: str = "sip") -> ClientConnection:
        """A browser that was taken."""
        browser = connect(
            f"{self.ws}://{at.address}/sip",
            origin=Origin(origin),
            subprotocols=[Subprotocol(subprotocol)],
            ssl=self.trust,
            server_hostname=NAME if self.trust is not None else None,
        )
        self.addCleanup(browser.close)
        return browser

    def the_gateway_hangs_up(self) -> Phone:
        """A gateway's BYE reaches the page by its connection, and the answer the gateway."""
        gateway = self.gateway(
            document(
                "gateway",
                *(arrives("INVITE"), ringing(), accept(), arrives("ACK")),
                *(pause(20), back("BYE"), response(200)),
            )
        )
        phone = Phone(self.connect(self.start(gateway)))
        phone.call()
        phone.answer(phone.until(b"BYE"))
        gateway.finish()
        return phone


class WebSocketTests(_BrowserCase):
    def test_a_call(self) -> None:
        """A page calls a gateway on UDP, the gateway changes the call, the page hangs up (RFC 7118 §5)."""
        gateway = self.gateway(
            document(
                "gateway",
                *(arrives("INVITE"), ringing(), accept(), arrives("ACK")),
                *(pause(20), back("INVITE"), response(100, optional=True), response(200), back("ACK", again=False)),
                *(arrives("BYE"), reply(200, "OK")),
            )
        )
        at = self.start(gateway)
        phone = Phone(self.connect(at))
        phone.call()
        again = phone.until(b"INVITE")
        self.assertTrue(again.startswith(b"INVITE sip:alice@%b;transport=ws SIP/2.0\r\n" % HOST), again)
        self.assertEqual(header(again, b"Via")[0].partition(b";")[0], f"SIP/2.0/WS {at.address}".encode())
        phone.answer(again)
        phone.until(b"ACK")
        phone.say(b"BYE", 2)
        phone.until(b"SIP/2.0 200")
        gateway.finish()
        (invite,) = (one for one in gateway.received("INVITE"))
        via = invite.values(b"Via")[1]
        self.assertIn(b";received=127.0.0.1", via)

    def test_the_gateway_hangs_up(self) -> None:
        """A gateway's BYE reaches the page by its connection, and the answer the gateway."""
        self.the_gateway_hangs_up()

    def test_a_page_that_is_closed(self) -> None:
        """A gateway's BYE for a page that is gone gets 430."""
        gateway = self.gateway(
            document(
                "gateway",
                *(arrives("INVITE"), ringing(), accept(), arrives("ACK")),
                *(pause(300), back("BYE"), response(430)),
            )
        )
        page = self.connect(self.start(gateway))
        Phone(page).call()
        page.close()
        gateway.finish()

    def test_who_is_taken(self) -> None:
        """A page of others gets 403, one that does not speak SIP 400."""
        at = self.start(self.address("udp"))
        for origin, subprotocol, status in (("https://evil.example.com", "sip", 403), (PAGE, "mqtt", 400)):
            with self.assertRaises(InvalidStatus) as caught:
                self.connect(at, origin, subprotocol)
            self.assertEqual(caught.exception.response.status_code, status)

    def test_too_much(self) -> None:
        """A message beyond the limit closes the connection with 1009, and others go on."""
        at = self.start(self.address("udp"))
        other, one = self.connect(at), self.connect(at)
        one.send(b"x" * 70_000)
        with self.assertRaises(ConnectionClosedError) as caught:
            one.recv(_WAIT)
        assert caught.exception.rcvd is not None
        self.assertEqual(caught.exception.rcvd.code, 1009)
        other.send(request(b"OPTIONS", f"sip:{at.address}".encode(), via=HOST, transport=b"WS"), text=True)
        self.assertTrue(bytes(other.recv(_WAIT, decode=False)).startswith(b"SIP/2.0 200"))


class SecureWebSocketTests(_BrowserCase):
    ws = "wss"

    def more(self) -> dict[str, dict[str, service.Value]]:
        folder = certificates.write(self.folder / "certificates", NAME)
        self.trust = ssl.create_default_context(cafile=folder / "ca.pem")
        return {"sip.tls": {"certificate": str(folder / f"{NAME}.pem"), "private_key": str(folder / f"{NAME}.key")}}

    def test_a_call(self) -> None:
        """Over TLS a page that knows our name calls, and the gateway hangs up."""
        phone = self.the_gateway_hangs_up()
        self.assertIn(b";transport=ws;", phone.routes)
