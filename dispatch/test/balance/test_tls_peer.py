"""Tests of dispatch.balance.tls_peer, and of what a destination is done by that is somebody else."""

from __future__ import annotations

from functools import partial

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import tls_peer
from dispatch.balance.change import IDENTITY, Change
from dispatch.balance.destination import Destination
from dispatch.balance.expansion import Machine, expanded
from dispatch.balance.health import letters
from dispatch.balance.membership import Membership
from dispatch.sip.flow import Flow, Peer
from dispatch.test.balance.make import dispatcher, roster
from dispatch.test.wire import FakeTransport

LIST = b"""\
1 sip:gw.example;transport=tls
1 sip:GW.example:5071;transport=tls 0 0 tls_name=Other.example
1 sips:192.0.2.7 0 0 tls_name=seven.example
1 sip:192.0.2.8:5081;transport=tls
1 sip:open.example;transport=tls 0 0 tls_verify=no
1 sip:192.0.2.9:5061
"""


class PeerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.dispatcher = dispatcher(LIST)
        self.membership = Membership(self.dispatcher.groups)
        self.membership.resolved(b"gw.example", "192.0.2.6")

    def peer(self, host: bytes, address: str, port: int = 5061, *, verifies: bool = True) -> Peer:
        return tls_peer.of_place(self.membership, host, address, port, verifies=verifies)

    def test_expected(self) -> None:
        """The list's tls_name, else the name in its URI; by address the same; a stranger is known by his name only."""
        for host, address, port, expected in (
            (b"Gw.example", "192.0.2.6", 5061, Peer("gw.example")),
            (b"gw.example", "192.0.2.6", 5071, Peer("other.example")),
            (b"192.0.2.6", "192.0.2.6", 5071, Peer("other.example")),
            (b"192.0.2.7", "192.0.2.7", 5061, Peer("seven.example")),
            (b"192.0.2.8", "192.0.2.8", 5081, Peer("")),
            (b"open.example", "192.0.2.5", 5061, Peer("open.example", False)),
            (b"192.0.2.9", "192.0.2.9", 5061, Peer("")),
            (b"elsewhere.example", "192.0.2.7", 5061, Peer("elsewhere.example")),
            (b"gw.example", "192.0.2.6", 5081, Peer("gw.example")),
            (b"g\xfcw.example", "192.0.2.5", 5061, Peer("")),
            (b"x" * 300, "192.0.2.5", 5061, Peer("")),
        ):
            self.assertEqual(self.peer(host, address, port), expected, (host, port))

    def test_nobody_is_verified(self) -> None:
        """Where verification is off it is off for all, and names are still said."""
        self.assertEqual(self.peer(b"gw.example", "192.0.2.6", verifies=False), Peer("gw.example", False))
        self.assertEqual(self.peer(b"192.0.2.1", "192.0.2.1", verifies=False), Peer("", False))

    def test_reached_by(self) -> None:
        """A flow is that of destinations with its address, port and name."""
        listener = FakeTransport(b"TLS").listener
        for remote, peer, expected in (
            (("192.0.2.6", 5061), Peer("gw.example"), [b"sip:gw.example;transport=tls"]),
            (("192.0.2.7", 5061), Peer("seven.example"), [b"sips:192.0.2.7"]),
            (("192.0.2.7", 5062), Peer("seven.example"), []),
            (("192.0.2.8", 5061), Peer("seven.example"), []),
            (("192.0.2.7", 5061), Peer("gw.example.org"), []),
        ):
            flow = Flow(listener, remote, peer=peer)
            found = tls_peer.reached_by(self.dispatcher.destinations(), flow, verifies=True)
            self.assertEqual([one.uri for one in found], expected, (remote, peer))

    def test_a_port_that_dns_chose(self) -> None:
        """At the port of a SRV record a destination is still who the list says (RFC 3263 §4.2)."""
        self.dispatcher.replace(roster(b"1 sip:gw.example;transport=tls 0 0 tls_name=Real.example;tls_verify=no\n"))
        self.membership = Membership(self.dispatcher.groups)
        self.membership.resolved(b"gw.example", "192.0.2.6")
        for host in (b"gw.example", b"192.0.2.6"):
            self.assertEqual(self.peer(host, "192.0.2.6", 5071), Peer("real.example", False), host)
        flow = Flow(FakeTransport(b"TLS").listener, ("192.0.2.6", 5071), peer=Peer("real.example", False))
        self.assertEqual(len(tls_peer.reached_by(self.dispatcher.destinations(), flow, verifies=True)), 1)

    def test_machines_of_a_name(self) -> None:
        """Each machine that answers for a name must be the listed domain, whatever its SRV target is called."""
        for attrs, expected in ((b"", "gw.example"), (b" 0 0 tls_name=Real.example", "real.example")):
            listed = roster(b"1 sip:gw.example;transport=tls%b\n" % attrs)
            machines = [Machine(b"TLS", "192.0.2.21", 5061), Machine(b"TLS", "192.0.2.22", 5071)]
            self.dispatcher.replace(expanded(listed, partial(_answering, machines), {}, ()))
            self.membership = Membership(self.dispatcher.groups)
            for machine in machines:
                for host in (machine.address.encode(), b"GW.example"):
                    self.assertEqual(self.peer(host, machine.address, machine.port), Peer(expected), (host, machine))
            flow = Flow(FakeTransport(b"TLS").listener, ("192.0.2.22", 5071), peer=Peer(expected))
            found = tls_peer.reached_by(self.dispatcher.destinations(), flow, verifies=True)
            self.assertEqual([one.uri for one in found], [b"sip:192.0.2.22:5071;transport=tls"])

    def test_oddities(self) -> None:
        """Attributes that can't mean what they say are told of, and so is who believes anybody."""
        for line, words in (
            (b"1 sip:gw.example 0 0 tls_name=gw.example", "mean nothing without TLS"),
            (b"1 sips:gw.example 0 0 tls_verify=no", "whoever answers"),
            (b"1 sips:gw.example 0 0 tls_verify=off", "taken for yes"),
            (b"1 sips:gw.example 0 0 tls_name=*.example", "no domain"),
            (b"1 sips:gw.example 0 0 tls_name=192.0.2.1", "no domain"),
        ):
            self.assertEqual([words in odd for odd in self.oddities(line)], [True], line)
        self.assertEqual(self.oddities(b"1 sips:192.0.2.1 0 0 tls_name=gw.example;tls_verify=yes"), [])

    def oddities(self, line: bytes) -> list[str]:
        (destination,) = roster(line).sets[1]
        return list(tls_peer.oddities(destination))


class DistrustTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.dispatcher = dispatcher(LIST)
        self.changes: list[Change] = []
        self.dispatcher.observer = self.changes.append
        (self.first, *_) = self.dispatcher.destinations()

    def test_down_at_once(self) -> None:
        """It is inactive and probed without a threshold, once, and the change says why."""
        self.dispatcher.probing_threshold = 5
        for _ in range(2):
            self.dispatcher.distrust(self.first, "tls_identity: another")
        (change,) = self.changes
        self.assertEqual((letters(self.first.flags), change.event, change.cause), ("IP", "down", IDENTITY))
        self.assertEqual(self.first.condition.last_failure, "tls_identity: another")
        self.assertTrue(str(change).endswith("AX -> IP, tls_identity: another"))

    def test_left_alone(self) -> None:
        """What a person disabled, or is no longer in the list, stays as it is."""
        self.dispatcher.set_state(1, self.first.uri, 4)
        (_, second, *_) = self.dispatcher.destinations()
        self.changes.clear()
        self.dispatcher.distrust(self.first, "tls_identity: another")
        self.dispatcher.replace(roster(b"1 sip:192.0.2.9:5061\n"))
        self.dispatcher.distrust(second, "tls_identity: another")
        self.assertEqual((self.changes, letters(self.first.flags)), ([], "DX"))


def _answering(machines: list[Machine], member: Destination) -> list[Machine]:
    return machines
