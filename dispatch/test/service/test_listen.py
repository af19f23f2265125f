"""Tests of reading what to listen on."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.listen import Listen, default_route_address, parse_host_port, parse_listen


class ListenTests(SynchronousTestCase):
    def test_forms(self) -> None:
        """Protocol, address and port are read; IPv6 stands in brackets, the port may be left out."""
        for text, listen in {
            "udp:127.0.0.1:5070": Listen("udp", "127.0.0.1", 5070),
            "TCP:0.0.0.0": Listen("tcp", "0.0.0.0", 5060),
            "udp:[::]:5060": Listen("udp", "::", 5060),
            "ws:127.0.0.1": Listen("ws", "127.0.0.1", 80),
            "tcp:[2001:DB8:0:0::1]": Listen("tcp", "2001:db8::1", 5060),
        }.items():
            self.assertEqual(parse_listen(text), listen)

    def test_text_again(self) -> None:
        """What is shown is what could have been written."""
        for text in ("udp:127.0.0.1:5070", "tcp:[::1]:5060"):
            self.assertEqual(str(parse_listen(text)), text)

    def test_not_listens(self) -> None:
        """Anything else is refused."""
        for text in (
            "",
            "127.0.0.1:5060",
            "udp",
            "udp:",
            "sctp:127.0.0.1:5060",
            "udp:::1:5060",
            "udp:gw.example.com:5060",
            "udp:127.0.0.1:0",
            "udp:127.0.0.1:65536",
            "udp:127.0.0.1:",
            "udp:127.0.0.999:5060",
            "udp:[::1:5060",
            "udp:[127.0.0.1]:5060",
        ):
            with self.assertRaises(ValueError, msg=text):
                parse_listen(text)

    def test_all_addresses(self) -> None:
        """0.0.0.0 and :: stand for all addresses, others don't."""
        self.assertTrue(Listen("udp", "0.0.0.0").is_any)
        self.assertTrue(Listen("udp", "::").is_any)
        self.assertFalse(Listen("udp", "127.0.0.1").is_any)

    def test_default_route(self) -> None:
        """A socket on all addresses has a name that others can reach."""
        self.assertFalse(Listen("udp", default_route_address("0.0.0.0")).is_any)
        self.assertFalse(Listen("udp", default_route_address("::")).is_any)


class HostPortTests(SynchronousTestCase):
    def test_forms(self) -> None:
        """A name or an address, with or without a port."""
        self.assertEqual(parse_host_port("sip.example.com"), ("sip.example.com", None))
        self.assertEqual(parse_host_port("sip.example.com:5080"), ("sip.example.com", 5080))
        self.assertEqual(parse_host_port("[::1]:5080"), ("::1", 5080))

    def test_missing_brackets_are_named(self) -> None:
        """An IPv6 address without brackets is refused with the reason."""
        with self.assertRaises(ValueError) as caught:
            parse_host_port("2001:db8::1")
        self.assertIn("brackets", str(caught.exception))
