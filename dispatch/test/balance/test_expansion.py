"""Tests of dispatch.balance.expansion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health, listfile
from dispatch.balance.admin import MAINTENANCE, Admin
from dispatch.balance.destination import Destination
from dispatch.balance.expansion import Machine, expanded, known
from dispatch.test.balance.make import dispatcher

A, B, C = (Machine(b"UDP", f"192.0.2.{number}", 5060) for number in (1, 2, 3))


class ExpansionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.names: dict[bytes, Sequence[Machine] | None] = {}
        self.dispatcher = dispatcher(b"")

    def machines_of(self, member: Destination) -> Sequence[Machine] | None:
        return self.names.get(member.host, [])

    def load(self, text: bytes) -> list[bytes]:
        """Put a list in force as the service does; the URIs of set 1."""
        roster = listfile.parse(text, Path("list"), ())
        before = known(self.dispatcher.groups.values())
        self.dispatcher.replace(expanded(roster, self.machines_of, before, ()))
        return [one.uri for one in self.dispatcher.groups[1].members]

    def member(self, uri: bytes) -> Destination:
        found = self.dispatcher.groups[1].find(uri)
        assert found is not None
        return found

    def test_machines_in_place_of_a_name(self) -> None:
        """Each machine is a destination with address and port; what the URI says beside stays as it is written."""
        self.names[b"GW.example"] = [A, Machine(b"UDP", "2001:db8::1", 5070)]
        uris = self.load(b"1 sip:GW.example:pw@GW.example:5060;x=GW.example?h=1 0 5\n1 sip:192.0.2.9\n")
        self.assertEqual(
            uris,
            [
                b"sip:GW.example:pw@192.0.2.1:5060;x=GW.example?h=1",
                b"sip:GW.example:pw@[2001:db8::1]:5070;x=GW.example?h=1",
                b"sip:192.0.2.9",
            ],
        )

    def test_a_transport_that_dns_chose(self) -> None:
        """Where DNS says TCP or TLS, the URI of the machine does."""
        self.names[b"gw.example"] = [A, A._replace(transport=b"TCP"), A._replace(transport=b"TLS", port=5061)]
        uris = self.load(b"1 sip:gw.example;lr\n")
        tcp, tls = b"sip:192.0.2.1:5060;lr;transport=tcp", b"sip:192.0.2.1:5061;lr;transport=tls"
        self.assertEqual(uris, [b"sip:192.0.2.1:5060;lr", tcp, tls])
        self.assertEqual([self.member(uri).transport for uri in uris], [b"UDP", b"TCP", b"TLS"])
        self.names[b"gw.example"] = [A._replace(transport=b"TLS", port=5061)]
        self.assertEqual(self.load(b"1 sips:gw.example\n"), [b"sips:192.0.2.1:5061"])

    def test_priorities_and_weights(self) -> None:
        """SRV priorities count down from that of the list, weights become hundredths where the list gives none."""
        self.names[b"gw.example"] = [
            A._replace(priority=10, weight=3),
            B._replace(priority=10, weight=1),
            C._replace(priority=20, weight=7),
        ]
        self.load(b"1 sip:gw.example 0 9 duid=x\n")
        found = [(one.priority, one.weight, one.attrs) for one in self.dispatcher.groups[1].members]
        expected = [(9, 75, b"duid=x;weight=75"), (9, 25, b"duid=x;weight=25"), (8, 100, b"duid=x;weight=100")]
        self.assertEqual(found, expected)
        self.load(b"1 sip:gw.example 0 9 weight=5\n")
        self.assertEqual([one.weight for one in self.dispatcher.groups[1].members], [5] * 3)

    def test_a_machine_that_stays(self) -> None:
        """A machine that stays keeps its health, in whatever order the answer has it; a new one begins anew."""
        self.names[b"gw.example"] = [A, B]
        self.load(b"1 sip:gw.example\n")
        self.dispatcher.set_state(1, b"sip:192.0.2.2:5060", health.INACTIVE)
        self.names[b"gw.example"] = [C, B, A]
        self.load(b"1 sip:gw.example\n")
        flags = [self.member(b"sip:192.0.2.%d:5060" % number).flags for number in (1, 2, 3)]
        self.assertEqual(flags, [0, health.INACTIVE, 0])
        self.names[b"gw.example"] = [B]
        self.load(b"1 sip:gw.example\n")
        self.assertEqual(self.member(b"sip:192.0.2.2:5060").flags, health.INACTIVE)

    def test_an_address_that_changes(self) -> None:
        """What a person decided stays with the slot where an address changes; health begins anew."""
        self.names[b"gw.example"] = [A, B]
        self.load(b"1 sip:gw.example\n")
        first = self.member(b"sip:192.0.2.1:5060")
        self.dispatcher.groups[1].administer(first, Admin(MAINTENANCE, 1.0, 0.0, is_done=False))
        first.condition.failed, first.condition.selected = 3, 7
        self.names[b"gw.example"] = [B, C]
        self.load(b"1 sip:gw.example\n")
        condition = self.member(b"sip:192.0.2.3:5060").condition
        assert condition.admin is not None
        self.assertEqual((condition.admin.mode, condition.failed, condition.selected), (MAINTENANCE, 0, 7))
        self.assertIsNone(self.member(b"sip:192.0.2.2:5060").condition.admin)

    def test_not_known(self) -> None:
        """While DNS has not answered a name stands for itself, or for the machines that it had."""
        self.names[b"gw.example"] = None
        self.assertEqual(self.load(b"1 sip:gw.example\n"), [b"sip:gw.example"])
        self.names[b"gw.example"] = [A, B]
        self.load(b"1 sip:gw.example\n")
        self.dispatcher.set_state(1, b"sip:192.0.2.2:5060", health.DISABLED)
        self.names[b"gw.example"] = None
        self.assertEqual(self.load(b"1 sip:gw.example\n"), [b"sip:192.0.2.1:5060", b"sip:192.0.2.2:5060"])
        self.assertEqual(self.member(b"sip:192.0.2.2:5060").flags, health.DISABLED)

    def test_nobody(self) -> None:
        """A name that has no machines any more stands for itself again."""
        self.names[b"gw.example"] = [A, B]
        self.load(b"1 sip:gw.example\n")
        self.names[b"gw.example"] = []
        self.assertEqual(self.load(b"1 sip:gw.example\n"), [b"sip:gw.example"])
