"""Tests of capture files; that Wireshark reads them is shown in dispatch.test.real.test_trace."""

from __future__ import annotations

import struct
from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.tracing import pcap
from dispatch.control.tracing.record import SHOWN, Traced, record_of
from dispatch.test.control.tracing.make import INVITE, Followed, came


def message(raw: bytes = INVITE) -> Traced:
    followed = Followed()
    followed.see(came(raw))
    return record_of(followed.steps[1])


class PcapTests(SynchronousTestCase):
    def test_udp(self) -> None:
        """A datagram has its time, both addresses and ports, lengths that fit, and a checksum that is right."""
        packet = pcap.Packets().packet(message())
        seconds, microseconds, kept, length = struct.unpack(">IIII", packet[:16])
        self.assertEqual((seconds, microseconds), (1_800_000_000, 250_000))
        ip = packet[16:]
        self.assertEqual((kept, length), (len(ip), len(ip)))
        self.assertEqual(ip[2:4], len(ip).to_bytes(2, "big"))
        total = sum(struct.unpack(">10H", ip[:20]))
        self.assertEqual((total & 0xFFFF) + (total >> 16), 0xFFFF)
        self.assertEqual((ip[9], ip[12:16], ip[16:20]), (17, bytes((192, 0, 2, 9)), bytes((192, 0, 2, 1))))
        self.assertEqual(struct.unpack(">HHH", ip[20:26]), (5060, 5060, 8 + len(INVITE)))
        self.assertEqual(ip[28:], INVITE)

    def test_what_was_cut(self) -> None:
        """Of a long message the file says how long it was."""
        packet = pcap.Packets().packet(message(INVITE + b"x" * 10_000))
        kept, length = struct.unpack(">II", packet[8:16])
        self.assertEqual((kept, length), (28 + SHOWN, 28 + len(INVITE) + 10_000))
        packet = pcap.Packets().packet(replace(message(), size=70_000))
        self.assertLessEqual(struct.unpack(">I", packet[12:16])[0], 65535)

    def test_streams(self) -> None:
        """Messages of a stream follow each other in it, those of the other direction by themselves."""
        packets = pcap.Packets()
        there, back = replace(message(), transport="TCP"), replace(message(), transport="TLS", direction="out")
        numbers = [struct.unpack(">II", packets.packet(one)[40:48]) for one in (there, back, there)]
        size = len(INVITE)
        self.assertEqual(numbers, [(1, 1), (1, 1 + size), (1 + size, 1 + size)])

    def test_ipv6(self) -> None:
        """IPv6 has its own header."""
        packet = pcap.Packets().packet(replace(message(), local="2001:db8::1", remote="fe80::9%eth0"))[16:]
        self.assertEqual((packet[0] >> 4, packet[6]), (6, 17))
        self.assertEqual(int.from_bytes(packet[4:6], "big"), len(packet) - 40)

    def test_nothing_else(self) -> None:
        """What is no message has no packet."""
        followed = Followed()
        followed.call()
        packets = pcap.Packets()
        self.assertEqual([packets.packet(record_of(followed.steps[number])) for number in (0, 2)], [b"", b""])
