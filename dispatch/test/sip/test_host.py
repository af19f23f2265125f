"""Tests of dispatch.sip.host."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip.host import bracketed, canonical, comparable, host_port


class HostTests(SynchronousTestCase):
    def test_one_spelling(self) -> None:
        """An address has one spelling, with or without brackets; an IPv4 address inside an IPv6 one is that one."""
        for host, address in (
            ("192.0.2.1", "192.0.2.1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[::ffff:192.0.2.1]", "192.0.2.1"),
            ("::ffff:c000:201", "192.0.2.1"),
            ("::192.0.2.1", "::c000:201"),
            ("gw.example.com", None),
            ("010.0.0.1", None),
            ("[2001:db8::1", None),
            ("", None),
        ):
            self.assertEqual(canonical(host), address, host)

    def test_brackets(self) -> None:
        """Only an IPv6 address gets brackets."""
        self.assertEqual(bracketed("gw.example.com"), "gw.example.com")
        self.assertEqual(host_port("192.0.2.1", 5060), "192.0.2.1:5060")
        self.assertEqual(host_port("2001:db8::1", 5060), "[2001:db8::1]:5060")

    def test_comparable(self) -> None:
        """Names are equal in any case, addresses by value; what is neither is left as it is."""
        for host, expected in (
            (b"GW.example.com", b"gw.example.com"),
            (b"[2001:DB8:0:0::1]", b"[2001:db8::1]"),
            (b"[::FFFF:192.0.2.1]", b"192.0.2.1"),
            (b"2001:DB8::1", b"2001:db8::1"),
            (b"[2001:db8:::1]", b"[2001:db8:::1]"),
        ):
            self.assertEqual(comparable(host), expected, host)
