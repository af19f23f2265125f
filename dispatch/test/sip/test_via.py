"""Tests of `dispatch.sip.via`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip import via
from dispatch.sip.via import Via


def _read(value: bytes) -> list[Via]:
    """The values of a line with a header name of five bytes."""
    raw = b"Via: " + value + b"\r\n"
    return via.read(raw, 5, len(raw) - 2, (0, len(raw)))


class ViaTests(SynchronousTestCase):
    def test_parts(self) -> None:
        """Transport is upper case, host lower case, branch as it is."""
        (one,) = _read(b"SIP/2.0/udp Proxy.Example.COM:5070;branch=z9hG4bKaB;x")
        self.assertEqual(
            (one.transport, one.host, one.port, one.branch), (b"UDP", b"proxy.example.com", 5070, b"z9hG4bKaB")
        )
        self.assertEqual((one.rport, one.received, one.rport_span, one.received_span), (None, None, None, None))
        self.assertEqual((one.start, one.stop, one.cut_start, one.cut_stop), (5, 58, 0, 60))

    def test_without_port_and_branch(self) -> None:
        """Where they are missing, port is 0 and branch empty."""
        (one,) = _read(b"SIP/2.0/TCP h_1.a")
        self.assertEqual((one.host, one.port, one.branch), (b"h_1.a", 0, b""))

    def test_blanks(self) -> None:
        """Blanks may be around every mark, folded too."""
        (one,) = _read(b"SIP / 2.0\r\n\t/ UDP \r\n h : 5070 ; branch = b ;RPORT= 7")
        self.assertEqual((one.transport, one.host, one.port, one.branch, one.rport), (b"UDP", b"h", 5070, b"b", b"7"))

    def test_ipv6(self) -> None:
        """An IPv6 host keeps its brackets, received has them or not (RFC 5118 §4.5)."""
        for received in (b"2001:DB8::1", b"[2001:DB8::1]"):
            (one,) = _read(b"SIP/2.0/UDP [2001:DB8::9]:5061;received=" + received)
            self.assertEqual((one.host, one.port, one.received), (b"[2001:db8::9]", 5061, received))

    def test_rport_and_received(self) -> None:
        """Their places are known, from the semicolon to the end of the value (RFC 3581)."""
        for text, rport, received in (
            (b";rport;received=192.0.2.1;branch=b", b"", b"192.0.2.1"),
            (b";received=192.0.2.1;branch=b;rport=5060", b"5060", b"192.0.2.1"),
            (b";branch=b ;rport=;received", b"", b""),
        ):
            (one,) = _read(b"SIP/2.0/UDP h" + text)
            self.assertEqual((one.rport, one.received, one.branch), (rport, received, b"b"))
            whole = b"Via: SIP/2.0/UDP h" + text
            assert one.rport_span is not None and one.received_span is not None
            self.assertEqual(whole[slice(*one.rport_span)].partition(b"=")[0], b";rport")
            self.assertEqual(whole[slice(*one.received_span)].partition(b"=")[0], b";received")

    def test_list(self) -> None:
        """Each value of a list can be cut out; the first is found without looking at the others."""
        raw = b"Via: SIP/2.0/UDP a;branch=1 ,SIP/2.0/TCP b;branch=2,\r\n SIP/2.0/TLS c\r\n"
        found = via.read(raw, 5, len(raw) - 2, (0, len(raw)))
        self.assertEqual([one.host for one in found], [b"a", b"b", b"c"])
        self.assertEqual(
            [raw[: one.cut_start] + raw[one.cut_stop :] for one in found],
            [
                b"Via: SIP/2.0/TCP b;branch=2,\r\n SIP/2.0/TLS c\r\n",
                b"Via: SIP/2.0/UDP a;branch=1 ,SIP/2.0/TLS c\r\n",
                b"Via: SIP/2.0/UDP a;branch=1 ,SIP/2.0/TCP b;branch=2\r\n",
            ],
        )
        self.assertEqual(via.read_first(raw, 5, len(raw) - 2, (0, len(raw))), found[0])
        broken = b"Via: SIP/2.0/UDP a, ;;\r\n"
        self.assertEqual(via.read_first(broken, 5, len(broken) - 2, (0, len(broken))).host, b"a")

    def test_broken(self) -> None:
        """What is no Via value is a ParseError."""
        for text in (
            *(b"", b"SIP/2.0/UDP", b"SIP/2.0/UDP ", b"SIP/2.0 UDP h", b"SIP/2.0/UDPh", b"SIP/2.0/ h", b"/2.0/UDP h"),
            *(
                b"SIP/2.0/UDP 2001:db8::1",
                b"SIP/2.0/UDP [::1",
                b"SIP/2.0/UDP []",
                b"SIP/2.0/UDP h:",
                b"SIP/2.0/UDP h:x",
            ),
            *(b"SIP/2.0/UDP h:65536", b"SIP/2.0/UDP h;;", b"SIP/2.0/UDP h x", b"SIP/2.0/UDP h,", b"SIP/2.0/UDP h, x"),
            *(b"SIP/2.0/UDP h;rport=x", b"SIP/2.0/UDP h;rport=65536", b"SIP/2.0/UDP h;rport=" + b"9" * 5000),
            *(b"SIP/2.0/UDP h\xff", b"SIP/2.0/UDP h (comment)", b'SIP/2.0/UDP h;branch="'),
        ):
            self.assertRaises(ParseError, _read, text)

    def test_ambiguous(self) -> None:
        """A second branch, rport or received is refused: the next hop might take the other one."""
        for name in (b"branch", b"rport", b"received"):
            self.assertRaises(ParseError, _read, b"SIP/2.0/UDP h;%b=1;%b=1" % (name, name.upper()))
        self.assertEqual(_read(b"SIP/2.0/UDP h;x=1;x=2;branch=b")[0].branch, b"b")

    @given(st.binary())
    def test_any_bytes(self, text: bytes) -> None:
        """Any bytes are a list of Via values, or a ParseError."""
        for start in (b"", b"SIP/2.0/UDP h", b"SIP/2.0/UDP h;branch=1,"):
            try:
                found = _read(start + text)
            except ParseError:
                continue
            self.assertEqual(found[0].start, 5)
