"""Tests of what ``[sip.limits]`` takes, and of what it becomes."""

from __future__ import annotations

from ipaddress import ip_network

from dispatch.service.functions import make_gate, retry_after
from dispatch.service.sip_config import Limits
from dispatch.test.proxy.farm import Farm
from dispatch.test.service.test_config import LEAST, ConfigCase

TRUST = LEAST + "[sip.limits]\ntrust = "
LINE = len(TRUST.splitlines())


class TrustTests(ConfigCase):
    def test_what_is_trusted(self) -> None:
        """Addresses, networks and sets come through, a single one without brackets too."""
        limits = self.load(TRUST + '["192.0.2.9", "198.51.100.0/24", "2001:db8::/32", "set:1", "set:2"]').sip.limits
        self.assertEqual(limits.networks, tuple(map(ip_network, ("192.0.2.9", "198.51.100.0/24", "2001:db8::/32"))))
        self.assertEqual(limits.sets, (1, 2))
        self.assertEqual(self.load(TRUST + '"set:1"').sip.limits.sets, (1,))

    def test_what_is_not(self) -> None:
        """What is neither address nor network nor set is told, with an example."""
        for wrong in (
            "gw.example.com",
            "192.0.2.9/24",
            "192.0.2.300",
            "set:",
            "set:-1",
            "set:x",
            "set:٣",
            "192.0.2.9:5060",
        ):
            self.assert_problem(f"{TRUST}'{wrong}'", LINE, wrong)
        self.assert_problem(f"{TRUST}'set:99999999999999999999999'", LINE, "set:2")

    def test_control_bytes(self) -> None:
        """A line end in a value is refused, and shown so that it ends no line."""
        ((_, remedy),) = self.problems(TRUST + '"192.0.2.9\\r\\nx"')
        self.assertNotIn("\n", remedy)

    def test_own_set_left_out(self) -> None:
        """Who trusts sets, but not the one that calls go to, is warned: he would hear no answer."""
        ((line, hint),) = self.warnings(TRUST + '["set:2"]')
        self.assertEqual(line, LINE)
        self.assertIn("not 1", hint)
        self.assertEqual(self.warnings(TRUST + '["set:1"]') + self.warnings(TRUST + '["192.0.2.9"]'), [])


class LimitsTests(ConfigCase):
    def test_when_full(self) -> None:
        """There is one answer to a request that is one too many, or none."""
        self.assert_problem(LEAST + '[sip.limits]\nwhen_full = "480"', LINE, "503", "silence")

    def test_gate(self) -> None:
        """Without `trust` and `rate` there is no gate; each of them alone makes one that does only this."""
        farm = Farm()

        def heard(limits: Limits) -> list[bool]:
            gate = make_gate(limits, lambda: farm.router.membership)
            assert gate is not None
            return [gate.admits("203.0.113.9", 0.0) for _ in range(3)]

        self.assertIsNone(make_gate(Limits(), lambda: farm.router.membership))
        self.assertEqual(heard(Limits(rate=1, burst=2)), [True, True, False])
        self.assertEqual(heard(Limits(trust=(ip_network("203.0.113.0/24"),))), [True] * 3)
        self.assertEqual(heard(Limits(trust=(1,))), [False] * 3)

    def test_retry_after(self) -> None:
        """It is a header line, or nothing."""
        self.assertEqual(retry_after(Limits(retry_after=7)), b"Retry-After: 7\r\n")
        self.assertEqual(retry_after(Limits(retry_after=0)), b"")
