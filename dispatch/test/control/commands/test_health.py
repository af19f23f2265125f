"""Tests of `health`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.admin import DRAIN, MAINTENANCE, Admin
from dispatch.balance.conduct import Conduct
from dispatch.control.commands.health import SetHealth, run
from dispatch.test.control.make import Steered


class HealthTests(SynchronousTestCase):
    def test_all_kinds(self) -> None:
        """Every destination of a set counts where its state and what was decided about it belong."""
        steered = Steered(b"".join(b"1 sip:%d %d\n" % (bits, bits) for bits in (0, 2, 8, 9, 5, 4, 10)) + b"2 sip:z\n")
        steered.dispatcher.administer(1, b"sip:8", Admin(DRAIN, 0), "")
        steered.dispatcher.administer(1, b"sip:9", Admin(MAINTENANCE, 0), "")
        steered.dispatcher.administer(1, b"sip:0", Admin(DRAIN, 0, is_done=True), "")
        second, first = sorted(run(steered.control()), key=lambda one: -one.set)
        self.assertEqual(second, SetHealth(2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0))
        self.assertEqual(
            first,
            SetHealth(
                set=1,
                destinations=7,
                usable=2,
                trying=2,
                inactive=2,
                disabled=1,
                drained=2,
                maintenance=1,
                ejected=0,
                probing=3,
                calls=0,
            ),
        )

    def test_ejected(self) -> None:
        """Who is ejected takes no calls and does not count as usable, unless nobody else is left."""
        steered = Steered(b"1 sip:a\n1 sip:b\n")
        one = steered.dispatcher.groups[1]
        conduct = one.members[0].condition.conduct = Conduct()
        conduct.out_until = 5.0
        one.renew()
        self.assertEqual([(each.usable, each.ejected, each.inactive) for each in run(steered.control())], [(1, 1, 0)])
        steered.dispatcher.set_state(1, one.members[1].uri, health.INACTIVE)
        self.assertEqual([(each.usable, each.ejected, each.inactive) for each in run(steered.control())], [(1, 1, 1)])
