"""Tests of HEP: the bytes that the specification's table asks for."""

from __future__ import annotations

import socket
from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.tracing import hep, homer
from dispatch.control.tracing.step import DECISION, MESSAGE, Step

STEP = Step(
    MESSAGE,
    1_800_000_000.25,
    call_id=b"call-1",
    is_in=True,
    transport=b"UDP",
    local=("192.0.2.1", 5060),
    remote=("192.0.2.9", 5070),
    raw=b"INVITE",
)


def chunks(packet: bytes) -> dict[int, bytes]:
    """Value by type, read as the specification says."""
    assert packet[:4] == b"HEP3"
    assert int.from_bytes(packet[4:6], "big") == len(packet)
    found, at = {}, 6
    while at < len(packet):
        vendor, kind, length = (int.from_bytes(packet[at + n : at + n + 2], "big") for n in (0, 2, 4))
        assert vendor == 0
        found[kind] = packet[at + 6 : at + length]
        at += length
    return found


class PacketTests(SynchronousTestCase):
    def test_bytes(self) -> None:
        """A message becomes the very bytes of the specification's table."""
        expected = (
            "48455033 0075"
            "0000 0001 0007 02"
            "0000 0002 0007 11"
            "0000 0003 000a c0000209"
            "0000 0004 000a c0000201"
            "0000 0007 0008 13ce"
            "0000 0008 0008 13c4"
            "0000 0009 000a 6b49d200"
            "0000 000a 000a 0003d090"
            "0000 000b 0007 01"
            "0000 000c 000a 00000007"
            "0000 0011 000c 63616c6c2d31"
            "0000 000f 000c 494e56495445"
        )
        self.assertEqual(hep.packet(STEP, 7).hex(), expected.replace(" ", ""))

    def test_the_other_way(self) -> None:
        """What we send has our address as its source; streams are TCP, and IPv6 has types of its own."""
        step = replace(STEP, is_in=False, transport=b"TLS", local=("2001:db8::1", 5061), remote=("2001:db8::9", 6))
        found = chunks(hep.packet(step, 1))
        self.assertEqual((found[1], found[2]), (b"\x0a", b"\x06"))
        self.assertEqual(found[5], socket.inet_pton(socket.AF_INET6, "2001:db8::1"))
        self.assertEqual(found[6], socket.inet_pton(socket.AF_INET6, "2001:db8::9"))
        self.assertEqual((found[7], found[8]), (b"\x13\xc5", b"\0\x06"))
        self.assertNotIn(3, found)

    def test_a_long_message(self) -> None:
        """However long a message is, its packet fits into a datagram."""
        packet = hep.packet(replace(STEP, raw=b"x" * 70000, call_id=b"c" * 70000), 1)
        self.assertLess(len(packet), 65508)
        chunks(packet)


class HomerTests(SynchronousTestCase):
    def test_messages(self) -> None:
        """Each message is sent at once, and nothing else; one that can't be sent is counted."""
        with socket.socket(type=socket.SOCK_DGRAM) as there:
            there.bind(("127.0.0.1", 0))
            there.settimeout(5)
            collector = homer.Homer(there.getsockname(), 7)
            self.addCleanup(collector.close)
            collector.take(replace(STEP, kind=DECISION))
            collector.take(STEP)
            self.assertEqual(there.recv(65536), hep.packet(STEP, 7))
        collector.close()
        collector.take(STEP)
        self.assertEqual(collector.dropped, 1)

    def test_address(self) -> None:
        """A collector is named by its address and port; what is none is told."""
        self.assertEqual(homer.parse("udp:192.0.2.40:9060"), ("192.0.2.40", 9060))
        self.assertEqual(homer.parse("udp:[2001:DB8::1]:9060"), ("2001:db8::1", 9060))
        self.assertEqual(homer.shown(("2001:db8::1", 9060)), "udp:[2001:db8::1]:9060")
        for text in ("tcp:192.0.2.40:9060", "udp:9060", "udp:192.0.2.40:0", "udp:homer.example.com:9060", "udp:::"):
            self.assertRaises(ValueError, homer.parse, text)
