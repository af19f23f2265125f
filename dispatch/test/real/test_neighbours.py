"""Other proxies on the way, and two sides of our own: routes of several hops hold through whole calls."""

from __future__ import annotations

from dispatch.test.real import kamailio, service
from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.scenario import accept, ack, arrives, back, document, inside, invite, pause, reply, response
from dispatch.test.real.scenario import ringing as rings
from dispatch.test.real.sipp import Seen, Sipp

SETUP = (invite(), response(100, optional=True), response(180), response(200, routes=True), ack())
ANSWER = (arrives("INVITE"), rings(), pause(20), accept(), arrives("ACK"))

CALLER_ENDS = (
    document("caller", *SETUP, pause(30), inside("BYE", cseq=2), response(200)),
    document("gateway", *ANSWER, arrives("BYE"), reply(200, "OK")),
)
CALLEE_ENDS = (
    document("caller", *SETUP, arrives("BYE"), reply(200, "OK")),
    document("gateway", *ANSWER, pause(30), back("BYE"), response(200)),
)
CALLER_CHANGES = (
    document(
        "caller",
        *SETUP,
        *(pause(30), inside("INVITE", cseq=2), response(100, optional=True), response(200), ack(cseq=2)),
        *(pause(30), inside("BYE", cseq=3), response(200)),
    ),
    document("gateway", *ANSWER, arrives("INVITE"), accept(tag=None), arrives("ACK"), arrives("BYE"), reply(200, "OK")),
)


class Road(RealCase):
    """A call over several hops; the classes below say which."""

    def between(self, gateway: Sipp) -> Socket:
        """Start what stands between; where the caller is to send to."""
        raise NotImplementedError

    def call(self, scenarios: tuple[str, str], record_routes: int) -> tuple[Sipp, Sipp]:
        """A whole call; every request of a dialog follows as many routes, and none is left at its end."""
        caller, gateway = scenarios
        called = self.gateway(gateway, at=self.far())
        calling = self.caller(caller, self.between(called))
        calling.finish()
        called.finish()
        (answer,) = (seen for seen in calling.received(200) if seen.value(b"CSeq") == b"1 INVITE")
        self.assertEqual(len(self.values(answer, b"Record-Route")), record_routes)
        for one in (calling, called):
            for seen in one.messages():
                if seen.kind in ("ACK", "BYE"):
                    self.assertEqual(len(self.values(seen, b"Route")), record_routes if seen.sent else 0)
        return calling, called

    def far(self) -> Socket:
        """Where the gateway listens."""
        return self.address()

    @staticmethod
    def values(seen: Seen, name: bytes) -> list[bytes]:
        """Header values, comma lists split."""
        return [part.strip() for value in seen.values(name) for part in value.split(b",")]


class KamailioBeforeTests(Road):
    programs = ("sipp", "kamailio")

    def between(self, gateway: Sipp) -> Socket:
        return self.before(self.proxy(gateway))

    def before(self, proxy: Process) -> Socket:
        """A Kamailio that sends all to the service."""
        at = self.address()
        onward = self.uri(proxy.sockets[0])
        self.keep(kamailio.neighbour("before", self.folder, [at], onward))
        return at

    def test_the_caller_ends_it(self) -> None:
        """ACK and BYE of the caller go through both proxies by their Record-Routes."""
        self.call(CALLER_ENDS, 2)

    def test_the_callee_ends_it(self) -> None:
        """The BYE of the callee goes the same way back."""
        self.call(CALLEE_ENDS, 2)

    def test_the_caller_changes_it(self) -> None:
        """A re-INVITE with its ACK goes through both."""
        self.call(CALLER_CHANGES, 2)


class KamailioBeforeOverTcpTests(KamailioBeforeTests):
    proto = "tcp"


class KamailioBehindTests(KamailioBeforeTests):
    def between(self, gateway: Sipp) -> Socket:
        return self.proxy(self.behind(gateway)).sockets[0]

    def behind(self, gateway: Sipp) -> Process:
        """A Kamailio as the gateway of the service, with the real one behind."""
        onward = self.uri(gateway.sockets[0])
        return self.keep(kamailio.neighbour("behind", self.folder, [self.address()], onward))


class KamailioBehindOverTcpTests(KamailioBehindTests):
    proto = "tcp"


class KamailioOnBothSidesTests(KamailioBehindTests):
    def between(self, gateway: Sipp) -> Socket:
        return self.before(self.proxy(self.behind(gateway)))

    def test_the_caller_ends_it(self) -> None:
        """ACK and BYE of the caller go through all three proxies."""
        self.call(CALLER_ENDS, 3)

    def test_the_callee_ends_it(self) -> None:
        """The BYE of the callee goes through all three, backwards."""
        self.call(CALLEE_ENDS, 3)

    def test_the_caller_changes_it(self) -> None:
        """A re-INVITE with its ACK goes through all three."""
        self.call(CALLER_CHANGES, 3)


class TwoTransportsTests(Road):
    """UDP to the caller, TCP to the gateway."""

    def far(self) -> Socket:
        return self.address("tcp")

    def between(self, gateway: Sipp) -> Socket:
        return self.proxy(gateway, at=[self.address("udp"), self.address("tcp")]).sockets[0]

    def test_the_caller_ends_it(self) -> None:
        """Both sockets of ours stand in the route, and one hop takes both off (RFC 5658)."""
        caller, gateway = self.call(CALLER_ENDS, 2)
        self.assertEqual(len(gateway.received("BYE")[0].values(b"Via")), 2)
        near, far = (one.address.encode() for one in self.started[1].sockets)
        routes = self.values(caller.sent("BYE")[0], b"Route")
        self.assertIn(near, routes[0])
        self.assertIn(far, routes[1])
        self.assertIn(b";transport=tcp", routes[1])

    def test_the_callee_ends_it(self) -> None:
        """The BYE of the callee comes by TCP and leaves by UDP."""
        self.call(CALLEE_ENDS, 2)

    def test_the_caller_changes_it(self) -> None:
        """A re-INVITE with its ACK crosses as well."""
        self.call(CALLER_CHANGES, 2)


class TwoTransportsTheOtherWayTests(TwoTransportsTests):
    """TCP to the caller, UDP to the gateway."""

    def far(self) -> Socket:
        return self.address("udp")

    def between(self, gateway: Sipp) -> Socket:
        return self.proxy(gateway, at=[self.address("tcp"), self.address("udp")]).sockets[0]

    def test_the_caller_ends_it(self) -> None:
        """Both sockets of ours stand in the route, and one hop takes both off (RFC 5658)."""
        self.call(CALLER_ENDS, 2)


class TwoSocketsTests(Road):
    """Two UDP sockets: the list says which one the gateway is reached from."""

    def between(self, gateway: Sipp) -> Socket:
        near, far = self.address(), self.address()
        through = f"{self.uri(gateway.sockets[0])} socket=udp:{far.address}"
        plan = service.Plan((near, far), (through,))
        return self.keep(service.start("proxy", self.folder, plan)).sockets[0]

    def test_the_caller_ends_it(self) -> None:
        """The gateway sees the socket of the list, the caller the other; both stand in the route."""
        _, gateway = self.call(CALLER_ENDS, 2)
        far = self.started[1].sockets[1].address.encode()
        self.assertIn(far, gateway.received("INVITE")[0].values(b"Via")[0])
        self.assertIn(far, gateway.received("BYE")[0].values(b"Via")[0])

    def test_the_callee_ends_it(self) -> None:
        """The BYE of the callee comes in at one and leaves from the other."""
        caller, _ = self.call(CALLEE_ENDS, 2)
        near = self.started[1].sockets[0].address.encode()
        self.assertIn(near, caller.received("BYE")[0].values(b"Via")[0])
