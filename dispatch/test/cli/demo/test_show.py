"""Tests of what the demonstration shows."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.demo.gateway import Gateway
from dispatch.cli.demo.show import HALF, Show
from dispatch.script.route import Decision
from dispatch.sip.message import Message
from dispatch.test.cli.demo.datagrams import Datagrams

TARGET = ("127.0.0.1", 5060)


class ShowTests(SynchronousTestCase):
    """A show with a dispatcher that is played here: gateways in turn, the next one when one is dead."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.said: list[str] = []
        self.results: list[bool] = []
        self.gateways = [
            Gateway(b"sip:127.0.0.1:%d" % port, ("127.0.0.1", port), self.clock) for port in (5071, 5072, 5073)
        ]
        self.show = Show(self.gateways, TARGET, self.clock, self.said.append, self.results.append)
        self.caller_wire = Datagrams()
        self.show.caller.makeConnection(self.caller_wire)
        self.wires = [Datagrams() for _ in self.gateways]
        for gateway, wire in zip(self.gateways, self.wires, strict=True):
            gateway.makeConnection(wire)
        self.turn = 0
        self.lies = False

    def carry(self) -> None:
        """Be the dispatcher for what waits on the wires."""
        for data, _ in self.caller_wire.take():
            message = Message(data)
            if message.method == b"INVITE":
                self._dispatch(message)
            else:
                port = int(message.uri.rpartition(b":")[2])
                self.gateways[port - 5071].datagramReceived(data, TARGET)
        for wire in self.wires:
            for data, _ in wire.take():
                self.show.caller.datagramReceived(data, TARGET)

    def _dispatch(self, invite: Message) -> None:
        why = "in turn"
        for attempt in range(1, 4):
            gateway = self.gateways[self.turn % 3]
            self.turn += 1
            uri = b"sip:nowhere" if self.lies else gateway.uri
            self.show.observe(Decision(b"INVITE", invite.call_id, uri, 1, attempt, why))
            if gateway.is_alive:
                gateway.datagramReceived(invite.raw, TARGET)
                return
            why = "the one before is dead"

    def run_show(self) -> None:
        self.show.begin()
        for _ in range(400):
            self.clock.advance(0.01)
            self.carry()

    def test_the_whole(self) -> None:
        """All calls succeed, one gateway dies after the first half, and failover goes round it."""
        self.run_show()
        self.assertEqual(self.results, [True])
        calls = [line for line in self.said if line.startswith("call ")]
        self.assertEqual(len(calls), 2 * HALF)
        self.assertTrue(all("200 ACK BYE 200" in line for line in calls))
        (death,) = [index for index, line in enumerate(self.said) if " dies" in line]
        self.assertEqual(sum(line.startswith("call ") for line in self.said[:death]), HALF)
        self.assertTrue(any("2. sip:" in line for line in self.said[death:]))
        self.assertFalse(any("2. sip:" in line for line in self.said[:death]))

    def test_the_table(self) -> None:
        """The table counts what the gateways took, and where calls were given up."""
        self.run_show()
        (head,) = [index for index, line in enumerate(self.said) if line.startswith("gateway")]
        rows = [line.split() for line in self.said[head + 1 : head + 4]]
        self.assertEqual([int(row[1]) for row in rows], [len(gateway.taken) for gateway in self.gateways])
        self.assertEqual(sum(int(row[1]) for row in rows), 2 * HALF)
        self.assertEqual(sorted(row[4] for row in rows), ["answers", "answers", "dead"])
        self.assertEqual([row[3] != "0" for row in rows], [row[4] == "dead" for row in rows])

    def test_witnesses_that_differ(self) -> None:
        """A record of the service that is not what the gateways saw fails the demonstration."""
        self.lies = True
        self.run_show()
        self.assertEqual(self.results, [False])
        self.assertIn("not what the gateways saw", self.said[-1])
