"""Tests of what is counted of requests: route, context and transactions together."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.counts import Counts, percentile
from dispatch.balance.ejection import Ejection
from dispatch.service.health_config import HealthConfig
from dispatch.sip.timers import Timers
from dispatch.test.balance.make import roster
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import FakeTransport, request, response_to

G1, G2, G3 = ("192.0.2.71", 5071), ("192.0.2.72", 5072), ("192.0.2.73", 5073)
ON = HealthConfig(statistics=True)


class StatisticsTests(SynchronousTestCase):
    def begin(self, **more: object) -> Farm:
        self.farm = Farm(**{"health": ON, **more})  # type: ignore[arg-type]  # passed through
        return self.farm

    def counts(self, index: int) -> Counts:
        counts = self.farm.dispatcher.groups[1].members[index].condition.counts
        assert counts is not None
        return counts

    def latest_invite(self) -> bytes:
        return [data for data, _ in self.farm.net.take() if data.startswith(b"INVITE")][-1]

    def test_answers_by_class(self) -> None:
        """Each final answer counts once in its class, copies and provisional ones not."""
        farm = self.begin(flags=0)
        for number, status in enumerate((200, 302, 404, 500, 603) * 3):
            data = farm.invite(call_id=b"%d" % number, branch=b"z9hG4bKb%d" % number)
            gateway = (G1, G2, G3)[number % 3]
            for one in (100, 180, status, status):
                farm.receive(response_to(data, one), gateway)
        self.assertEqual(
            [sum(column) for column in zip(*(self.counts(one).answers for one in range(3)), strict=True)], [3] * 5
        )

    def test_first_answer(self) -> None:
        """The time is that of the first answer, which is a provisional one where there is one."""
        farm = self.begin()
        data = farm.invite()
        farm.clock.advance(0.045)
        farm.receive(response_to(data, 180), G1)
        farm.clock.advance(9.0)
        farm.receive(response_to(data, 200), G1)
        self.assertEqual(percentile(self.counts(0).took, 100), 50)
        self.assertEqual(sum(self.counts(0).took), 1)

    def test_silence(self) -> None:
        """No answer is a timeout of the one, and a failover to the next; a call that rang too long is none."""
        farm = self.begin(timers=Timers(fr_timer=1.0, fr_inv_timer=5.0))
        farm.invite()
        farm.wait(1.1)
        data = self.latest_invite()
        conditions = [one.condition for one in farm.dispatcher.groups[1].members]
        self.assertEqual([one.failovers for one in conditions], [0, 1, 0])
        self.assertEqual((self.counts(0).timeouts, sum(self.counts(0).took)), (1, 0))
        farm.receive(response_to(data, 180), G2)
        farm.wait(6.0)
        self.assertEqual((self.counts(1).timeouts, sum(self.counts(1).answers)), (0, 0))

    def test_unreachable(self) -> None:
        """What the network refuses is counted as that, and is no timeout."""
        net = FakeTransport()
        net.broken.add(5071)
        farm = self.begin(transports=(net,))
        farm.receive(request())
        self.assertEqual((self.counts(0).unreachable, self.counts(0).timeouts), (1, 0))

    def test_beside_ejection(self) -> None:
        """Who ejects hears the same outcomes when they are counted; ejections are counted too."""
        health = HealthConfig(statistics=True, ejection=Ejection(consecutive_failures=1))
        farm = self.begin(health=health)
        data = farm.invite()
        farm.receive(response_to(data, 180), G1)
        condition = farm.dispatcher.groups[1].members[0].condition
        self.assertEqual(condition.ejected, 0)
        farm.receive(response_to(data, 503), G1)
        self.assertEqual((condition.ejected, self.counts(0).answers), (1, [0, 0, 0, 1, 0]))

    def test_over_a_reload(self) -> None:
        """Numbers go on when the list is read again, also where a destination has another URI."""
        text = b"1 sip:192.0.2.71:5071 0 0 duid=x\n"
        farm = self.begin(text=text)
        farm.receive(response_to(farm.invite(), 200), G1)
        farm.dispatcher.replace(roster(text.replace(b"71:5071", b"72:5072")))
        self.assertEqual(self.counts(0).answers, [1, 0, 0, 0, 0])

    def test_off(self) -> None:
        """Without it nobody listens, and nothing but requests, failovers and failures is counted."""
        farm = self.begin(health=HealthConfig())
        self.assertIsNone(farm.dispatcher.follow)
        farm.receive(response_to(farm.invite(), 503), G1)
        conditions = [one.condition for one in farm.dispatcher.groups[1].members]
        self.assertEqual([one.counts for one in conditions], [None] * 3)
        self.assertEqual(
            [(one.selected, one.failovers, one.failures) for one in conditions[:2]], [(1, 0, 1), (1, 1, 0)]
        )
