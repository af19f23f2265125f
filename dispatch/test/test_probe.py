"""Tests of dispatch.probe: what is sent, when, and what an answer does."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from dispatch import __version__
from dispatch.balance import health
from dispatch.balance.listfile import parse
from dispatch.probe import Manner, Network, Prober
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.health_config import HealthConfig
from dispatch.sip.effects import Socket
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.message import Message
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import FakeTransport, response_to

G1, G2 = ("192.0.2.71", 5071), ("192.0.2.72", 5072)
ONE = b"1 sip:192.0.2.71:5071;transport=udp\n"


class Probed(Farm):
    """A farm whose prober runs, in mode 1 unless said otherwise, each 30 s."""

    def __init__(
        self,
        text: bytes = ONE,
        *,
        names: dict[str, str] | None = None,
        transports: tuple[FakeTransport, ...] = (),
        timeout: float = 0.0,
        **parameters: Any,
    ) -> None:
        parameters = {"ds_ping_interval": 30, "ds_probing_mode": 1, **parameters}
        super().__init__(
            text,
            names=names,
            transports=transports,
            parameters=DispatcherConfig(flags=2, **parameters),
            health=HealthConfig(probe_timeout=timeout),
        )
        self.prober.startService()

    def states(self) -> str:
        return " ".join(health.letters(one.flags) for one in self.dispatcher.destinations())

    def probes(self) -> list[bytes]:
        """Those sent since the last look, copies included."""
        return [data for data, _ in self.net.take()]

    def fresh(self) -> list[bytes]:
        """The same without copies."""
        return list(dict.fromkeys(self.probes()))


class RequestTests(SynchronousTestCase):
    def test_on_the_wire(self) -> None:
        """A probe has the headers of the original's in its order, and its first copy leaves at once."""
        (probe,) = Probed().probes()
        pattern = (
            rb"OPTIONS sip:192\.0\.2\.71:5071;transport=udp SIP/2\.0\r\n"
            rb"Via: SIP/2\.0/UDP 192\.0\.2\.1:5060;branch=z9hG4bK[0-9a-f]{16}\r\n"
            rb"To: <sip:192\.0\.2\.71:5071;transport=udp>\r\n"
            rb"From: <sip:dispatcher@localhost>;tag=[0-9a-f]{16}\r\n"
            rb"CSeq: 10 OPTIONS\r\n"
            rb"Call-ID: [0-9a-f]{16}@192\.0\.2\.1\r\n"
            rb"Max-Forwards: 70\r\n"
            rb"Content-Length: 0\r\n"
            rb"User-Agent: dispatch/%b\r\n\r\n" % re.escape(__version__.encode())
        )
        self.assertRegex(probe, pattern)

    def test_each_is_another(self) -> None:
        """Branch, tag and Call-ID are new for every probe."""
        farm = Probed()
        farm.wait(70.0)
        probes = [Message(data) for data in farm.fresh()]
        self.assertEqual(len(probes), 3)
        for value in ("call_id", "from_tag"):
            self.assertEqual(len({getattr(one, value) for one in probes}), 3)
        self.assertEqual(len({one.via.branch for one in probes}), 3)

    def test_attributes(self) -> None:
        """Attributes of a destination come before parameters: From, next hop, and the socket to send from."""
        attrs = b"ping_from=sip:us@example.com;obproxy=sip:192.0.2.72:5072;socket=udp:192.0.2.1:5070"
        nets = (FakeTransport(), FakeTransport(port=5070), FakeTransport(port=5080))
        given: dict[str, Any] = {"outbound_proxy": "sip:192.0.2.9:9", "ds_default_socket": "udp:192.0.2.1:5080"}
        Probed(ONE[:-1] + b" 0 0 " + attrs + b"\n", transports=nets, **given)
        ((probe, remote),) = nets[1].take()
        self.assertEqual(remote, G2)
        self.assertTrue(probe.startswith(b"OPTIONS sip:192.0.2.71:5071;transport=udp SIP/2.0\r\n"))
        self.assertIn(b"\r\nFrom: <sip:us@example.com>;tag=", probe)
        Probed(ONE, transports=nets, **given)
        ((_, remote),) = nets[2].take()
        self.assertEqual(remote, ("192.0.2.9", 9))
        Probed(ONE[:-1] + b" 0 0 " + attrs + b";ping_socket=udp:192.0.2.1:5060\n", transports=nets, **given)
        self.assertEqual(len(nets[0].take()), 1)

    def test_a_name(self) -> None:
        """A name that is not known yet is looked up, and the probe leaves when it is found."""
        farm = Probed(b"1 sip:gw.example.com\n", names={"gw.example.com": "192.0.2.71"})
        ((probe, remote),) = farm.net.take()
        self.assertEqual(remote, ("192.0.2.71", 5060))
        self.assertTrue(probe.startswith(b"OPTIONS sip:gw.example.com SIP/2.0"))


class Lost:
    """A network that knows no way, and says so when it is told to."""

    def __init__(self, farm: Farm) -> None:
        self.listeners = farm.engine.listeners
        self.asked: list[Callable[[Flow | None], None]] = []

    def locate(self, uri: bytes, *rest: object) -> None:
        return None

    def locate_later(self, uri: bytes, inbound: Listener, socket: object, then: Callable[[Flow | None], None]) -> None:
        self.asked.append(then)

    def answer(self) -> int:
        """Answer all that was asked; how much that was."""
        asked, self.asked = self.asked, []
        for then in asked:
            then(None)
        return len(asked)


class NamesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.farm = Farm(b"".join(b"1 sip:gw%d.example.com 8\n" % number for number in range(250)))
        self.network = Lost(self.farm)
        clock = self.farm.clock
        self.prober = Prober(
            cast(Network, self.network),  # but for what sends
            self.farm.dispatcher,
            self.farm.probing,
            Manner(30.0),
            clock,
            clock.seconds,
            Random(1),
        )
        self.prober.startService()
        self.farm.wait(10.0)

    def _answered(self) -> list[int]:
        rounds = []
        for _ in range(4):
            rounds.append(self.network.answer())
            self.farm.wait(0.1)
        return rounds

    def test_many(self) -> None:
        """Of many names that nobody knows a hundred are asked for at a time, then the others; each has a result."""
        self.assertEqual(self._answered(), [100, 100, 50, 0])
        self.assertEqual({health.letters(one.flags) for one in self.farm.dispatcher.destinations()}, {"IX"})

    def test_no_longer_wanted(self) -> None:
        """One that is disabled while it waits is not asked for."""
        self.farm.dispatcher.set_states(1, health.DISABLED)
        self.assertEqual(self._answered(), [100, 0, 0, 0])


class ResultTests(SynchronousTestCase):
    def test_answers(self) -> None:
        """A good answer makes a destination active, another one inactive, a provisional one nothing."""
        farm = Probed()
        for status, states in ((100, "AX"), (503, "IP"), (180, "IP"), (200, "AP"), (404, "IP")):
            (probe,) = farm.fresh()
            farm.receive(response_to(probe, status), G1)
            self.assertEqual(farm.states(), states)
            if status < 200:
                farm.receive(response_to(probe, 200 if status == 100 else 404), G1)
            farm.wait(34.0)

    def test_silence(self) -> None:
        """A probe that nobody answers is a failure 30 s after it was sent, and is sent again and again till then."""
        farm = Probed(ds_ping_interval=3600)
        farm.wait(29.8)
        self.assertEqual(farm.states(), "AX")
        self.assertEqual(len(farm.probes()), 10)
        farm.wait(0.4)
        self.assertEqual(farm.states(), "IP")
        self.assertEqual(farm.engine.open_transactions, 0)

    def test_each_interval(self) -> None:
        """A silent destination gets a probe each interval all the same; each of them is a failure of its own."""
        farm = Probed(ds_ping_interval=5, ds_probing_threshold=3)
        farm.wait(29.0)
        self.assertEqual(len(farm.fresh()), 6)
        seen = []
        for _ in range(4):
            seen.append(farm.states())
            farm.wait(5.5)
        self.assertEqual(seen, ["AX", "TP", "TP", "IP"])

    def test_one_at_a_time(self) -> None:
        """With a timeout of its own a probe is a failure after that, and no other is sent before."""
        farm = Probed(ds_ping_interval=1, timeout=5.0)
        farm.wait(4.9)
        self.assertEqual((farm.states(), len(farm.fresh())), ("AX", 1))
        farm.wait(0.2)
        self.assertEqual(farm.states(), "IP")
        farm.wait(1.2)
        (probe,) = farm.fresh()
        farm.receive(response_to(probe, 200), G1)
        self.assertEqual(farm.states(), "AP")
        farm.wait(1.2)
        self.assertEqual(len(farm.fresh()), 1)

    def test_not_sent(self) -> None:
        """What can't be sent is a failure at once: no such host, no socket of that kind, no route."""
        for text in (b"1 sip:nowhere.example.com\n", b"1 sip:192.0.2.71;transport=tcp\n", b"1 sip:192.0.2.71:9\n"):
            net = FakeTransport()
            net.broken.add(9)
            self.assertEqual(Probed(text, transports=(net,), ds_ping_reply_codes="class=4;class=5").states(), "IP")

    def test_a_connection_that_breaks(self) -> None:
        """A connection that is refused or breaks counts as no answer: the reply codes are asked."""
        for codes, states in (("", "IP"), ("code=408", "AP")):
            net = FakeTransport(b"TCP")
            farm = Probed(b"1 sip:192.0.2.71:5071;transport=tcp\n", transports=(net,), ds_ping_reply_codes=codes)
            self.assertEqual(len(net.take()), 1)
            self.assertEqual(farm.states(), "AX")
            farm.engine.transport_failed(net.flow_to(*G1), "refused")
            self.assertEqual(farm.states(), states)

    def test_foreign_answers(self) -> None:
        """An answer with another branch, from another address, or for another method changes nothing."""
        farm = Probed()
        (probe,) = farm.probes()
        good = response_to(probe, 503)
        farm.receive(good, G2)
        farm.receive(good.replace(b"z9hG4bK", b"z9hG4bKx"), G1)
        farm.receive(good[: good.index(b"\r\nVia")] + b"\r\nContent-Length: 0\r\n\r\n", G1)
        self.assertEqual((farm.states(), farm.lines()), ("AX", []))
        farm.receive(good, (G1[0], 1024))  # another port of that machine: gateways do that
        self.assertEqual(farm.states(), "IP")

    def test_late_and_double_answers(self) -> None:
        """What comes after the result, be it a copy or another answer, changes nothing."""
        farm = Probed(ds_ping_interval=3600)
        (probe,) = farm.probes()
        farm.receive(response_to(probe, 200), G1)
        for status in (200, 503):
            farm.receive(response_to(probe, status), G1)
        self.assertEqual(farm.states(), "AP")
        farm.wait(60.0)
        farm.receive(response_to(probe, 503), G1)
        self.assertEqual(farm.states(), "AP")
        silent = Probed(ds_ping_interval=3600)
        (probe,) = silent.probes()
        silent.wait(31.0)
        silent.receive(response_to(probe, 200), G1)
        self.assertEqual(silent.states(), "IP")

    def test_meanwhile(self) -> None:
        """What a person disabled meanwhile stays so, and what left the list is not looked for."""
        farm = Probed()
        (probe,) = farm.probes()
        farm.dispatcher.set_state(1, b"sip:192.0.2.71:5071;transport=udp", health.DISABLED)
        farm.receive(response_to(probe, 200), G1)
        self.assertEqual(farm.states(), "DX")
        farm.wait(120.0)
        self.assertEqual(farm.probes(), [])
        farm.dispatcher.replace(parse(b"1 sip:192.0.2.72:5072\n", "list", ()))
        farm.wait(0.1)
        ((probe, remote),) = farm.net.take()
        self.assertEqual(remote, G2)
        farm.receive(response_to(probe, 503), G2)
        self.assertEqual(farm.states(), "IP")

    def test_latency(self) -> None:
        """With `ds_ping_latency_stats` the time from probe to answer is measured, in whole milliseconds."""
        farm = Probed(ONE.replace(b"udp\n", b"udp 8\n"), ds_ping_latency_stats=1)
        (probe,) = farm.probes()
        farm.clock.advance(0.0259)
        farm.receive(response_to(probe, 200), G1)
        (only,) = farm.dispatcher.destinations()
        self.assertEqual((only.condition.latency.samples, only.condition.latency.average), (1, 25.0))


class ServiceTests(SynchronousTestCase):
    def test_stopped(self) -> None:
        """A prober that was stopped sends nothing more and leaves nothing in the reactor."""
        farm = Probed()
        farm.prober.stopService()
        farm.engine.stop()
        self.assertEqual(farm.clock.getDelayedCalls(), [])

    def test_a_probe_that_fails_is_not_the_last(self) -> None:
        """Probing goes on after a probe that raised, for that destination too, and the others are sent."""
        farm = Probed(b"1 sip:192.0.2.72:5072\n1 sip:192.0.2.71:5071\n")
        farm.prober.stopService()
        farm.probes()
        network = _Failing(farm)
        manner = Manner(30.0, waits=True)
        seconds = farm.clock.seconds
        Prober(network, farm.dispatcher, farm.probing, manner, farm.clock, seconds, Random(1)).startService()
        farm.wait(0.1)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual([remote for _, remote in farm.net.take()], [G2])
        network.fails = False
        farm.wait(31.0)
        self.assertIn(G1, [remote for _, remote in farm.net.take()])

    def test_no_burst(self) -> None:
        """However many are due, no more than a hundred probes leave at a look."""
        text = b"".join(b"1 sip:192.0.2.71:%d\n" % port for port in range(2000, 3000))
        farm = Probed(text, ds_ping_interval=1)
        farm.probes()
        farm.clock.advance(0.4)
        self.assertEqual(len(farm.probes()), 100)


class _Failing:
    """The engine, but for a way that raises."""

    def __init__(self, farm: Farm) -> None:
        self._engine = farm.engine
        self.fails = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def locate(
        self, uri: bytes, inbound: Listener, socket: Socket | None = None, message: Message | None = None
    ) -> Flow | None:
        if self.fails and uri == b"sip:192.0.2.71:5071":
            raise RuntimeError("boom")
        return self._engine.locate(uri, inbound, socket)
