"""The benchmark measures what it says it does."""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.bench import usage
from dispatch.test.bench.calls import KINDS, Bench, weigh_calls


class CallTests(SynchronousTestCase):
    def test_a_whole_call(self) -> None:
        """Each message of a call goes on, and time is spent on each kind of it, stateful and stateless."""
        for relay in ("stateful", "stateless"):
            for joined in (False, True):
                bench = Bench(relay, joined=joined)
                bench.call()
                bench.pass_time(0.1)
                self.assertEqual([kind for kind in KINDS if not bench.spent[kind]], [])

    def test_weight(self) -> None:
        """Calls that ring weigh something; when they are over no transaction is left."""
        weight = weigh_calls(50)
        self.assertGreater(weight["bytes per ringing call"], weight["its INVITE as sent"])
        self.assertEqual(weight["transactions left"], 0)


class UsageTests(SynchronousTestCase):
    def test_of_ourselves(self) -> None:
        """This very process has used CPU and memory, and is the head of its family."""
        self.assertEqual(usage.family(os.getpid())[0], os.getpid())
        self.assertGreater(usage.cpu_ns(os.getpid()), 0)
        self.assertGreater(usage.pss_kib(os.getpid()), 0)

    def test_of_nobody(self) -> None:
        """A process that is gone has used nothing."""
        self.assertEqual((usage.cpu_ns(2**22 + 1), usage.pss_kib(2**22 + 1)), (0, 0))
