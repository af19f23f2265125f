"""Tests of `ping`, and of the probe behind it."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.control.command import BadValue
from dispatch.control.commands.ping import PING, Pinged, run
from dispatch.control.pinging import Echo, Pinger
from dispatch.errors import UnknownDestination
from dispatch.probe import Manner
from dispatch.test.control.make import Steered
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import FakeTransport, response_to

G1 = ("192.0.2.71", 5071)


class PingerTests(SynchronousTestCase):
    def ask(self, text: bytes = b"1 sip:192.0.2.71:5071 4\n", **more: object) -> Deferred[Echo]:
        self.farm = Farm(text, **more)  # type: ignore[arg-type]  # passed through
        pinger = Pinger(self.farm.engine, Manner(0), self.farm.clock.seconds)
        self.destination = next(self.farm.dispatcher.destinations())
        return pinger(self.destination)

    def test_an_answer(self) -> None:
        """A destination that is disabled is asked too; its answer is told with its time, and changes nothing."""
        done = self.ask()
        ((data, remote),) = self.farm.net.take()
        self.assertTrue(data.startswith(b"OPTIONS sip:192.0.2.71:5071 SIP/2.0\r\n"))
        self.assertEqual(remote, G1)
        self.farm.clock.advance(0.02)
        self.farm.receive(response_to(data, 503), G1)
        echo = self.successResultOf(done)
        self.assertEqual((echo.sent_to, echo.status), ("udp:192.0.2.71:5071", 503))
        self.assertAlmostEqual(echo.seconds, 0.02)
        self.assertEqual((self.destination.flags, self.destination.condition.failures), (health.DISABLED, 0))

    def test_silence(self) -> None:
        """An answer is waited for five seconds."""
        done = self.ask()
        self.farm.wait(4.9)
        self.assertNoResult(done)
        self.farm.wait(0.2)
        self.assertEqual(self.successResultOf(done), Echo("udp:192.0.2.71:5071", 0, "no answer", 0.0))

    def test_refused(self) -> None:
        """What the network refuses is told at once."""
        net = FakeTransport()
        net.broken.add(5071)
        echo = self.successResultOf(self.ask(transports=(net,)))
        self.assertEqual((echo.status, echo.text), (0, "the network refused it"))

    def test_no_way(self) -> None:
        """A name that nobody knows is told."""
        echo = self.successResultOf(self.ask(b"1 sip:gw.example.com\n"))
        self.assertEqual(echo, Echo("", 0, "no way leads there", 0.0))


class PingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.control = Steered(b"1 sip:a\n").control()

    def test_the_service(self) -> None:
        """Without a destination the service itself answers."""
        self.assertEqual(PING.sentence(run(self.control)), "dispatch 1.2.3 is there")

    def test_a_destination(self) -> None:
        """What came of it is told in words: answer and time, or why there is none."""
        answer = self.successResultOf(run(self.control, 1, "sip:A"))
        self.assertEqual(answer, Pinged(1, "sip:a", "udp:192.0.2.1:5060", 200, "OK", 1500))
        self.assertEqual(PING.sentence(answer), "set 1 sip:a (udp:192.0.2.1:5060): 200 OK after 1.5 ms")
        nothing = Pinged(1, "sip:a", "", 0, "no way leads there", -1)
        self.assertEqual(PING.sentence(nothing), "set 1 sip:a: no way leads there")

    def test_errors(self) -> None:
        """A set alone is no destination, and one that is not there is an error."""
        with self.assertRaises(BadValue):
            run(self.control, 1)
        with self.assertRaises(UnknownDestination):
            run(self.control, 1, "sip:b")
