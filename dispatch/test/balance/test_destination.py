"""Tests of dispatch.balance.destination."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.destination import Destination, LocalSocket, Row, find_socket, make
from dispatch.test.balance.make import SOCKETS


def made(uri: bytes, attrs: bytes = b"") -> Destination:
    return make(Row(1, uri, 8, 3, attrs, 12), SOCKETS)


class UriTests(SynchronousTestCase):
    def test_kept_as_written(self) -> None:
        """A URI that can be read is stored as written."""
        for uri in (
            b"SIP:GW.Example.com",
            b"sips:gw",
            b"tel:+123",
            b"urn:service:sos",
            b"sip:h\xe9.com:5070",
            b"sip:a@b;x",
        ):
            self.assertEqual(made(uri).uri, uri)

    def test_prefix(self) -> None:
        """A text without scheme gets one when it is long enough."""
        for text in (b"127.0.0.1:5070", b"gw.example.com", b"[::1]:5070", b"garbage"):
            self.assertEqual(made(text).uri, b"sip:" + text)

    def test_refused(self) -> None:
        """What the original can't use is refused with the text and a remedy."""
        for text in (
            b"x",
            b"abcd",
            b"sip:",
            b"sip:@h",
            b"sip:[::1",
            b"sip:h:99999",
            b"sip:h:abc",
            b'"sip:a"',
            b"<sip:a>",
        ):
            with self.assertRaisesRegex(ValueError, "write e.g."):
                made(text)

    def test_long(self) -> None:
        """A host of more than 254 bytes is refused."""
        self.assertEqual(len(made(b"sip:" + b"h" * 254).host), 254)
        with self.assertRaisesRegex(ValueError, "longer than 254"):
            made(b"sip:" + b"h" * 255)

    def test_parts(self) -> None:
        """Host, port and transport are what the URI says."""
        for uri, parts in (
            (b"sip:gw", (b"gw", 0, b"UDP")),
            (b"sip:u@GW:5070;transport=tcp", (b"GW", 5070, b"TCP")),
            (b"sips:gw:5071", (b"gw", 5071, b"TLS")),
            (b"sip:[::1]:05070;transport=Tls", (b"[::1]", 5070, b"TLS")),
            (b"sip:gw:;transport=", (b"gw", 0, b"UDP")),
        ):
            destination = made(uri)
            self.assertEqual((destination.host, destination.port, destination.transport), parts)

    def test_row(self) -> None:
        """The other columns are kept, and the state begins as listed."""
        destination = made(b"sip:gw", b"duid=a;weight=3;")
        self.assertEqual(
            (destination.group, destination.flags, destination.listed, destination.priority, destination.line),
            (1, 8, 8, 3, 12),
        )
        self.assertEqual((destination.attrs, destination.duid), (b"duid=a;weight=3", b"a"))
        self.assertEqual(repr(destination), "<sip:gw of set 1>")


class SocketTests(SynchronousTestCase):
    def test_found(self) -> None:
        """A socket is found by address; protocol and port may be left out."""
        udp, tcp, six = SOCKETS
        for text, expected in (
            (b"udp:127.0.0.1:5060", udp),
            (b"TCP:127.0.0.1:5060", tcp),
            (b"127.0.0.1", udp),
            (b"127.0.0.1:5060", udp),
            (b"tcp:127.0.0.1", tcp),
            (b"udp:[::1]:5062", six),
            (b"[0:0::1]", six),
        ):
            self.assertEqual(find_socket(text, SOCKETS), expected)

    def test_by_name(self) -> None:
        """A socket that listens on a name is found by it, letters without case."""
        named = LocalSocket("udp", "Edge.Example.com", 5060)
        self.assertEqual(find_socket(b"udp:edge.example.COM:5060", (named,)), named)

    def test_not_ours(self) -> None:
        """A socket that we don't listen on makes the destination bad, and the error says what there is."""
        for text in (b"udp:127.0.0.1:5061", b"tls:127.0.0.1:5060", b"bad", b"::1", b"udp:", b"udp:[::1]:x"):
            with self.assertRaisesRegex(ValueError, r"udp:\[::1\]:5062"):
                made(b"sip:gw", b"socket=" + text)

    def test_of_the_destination(self) -> None:
        """A destination without ``socket``, or with an empty one, has none, and a socket name is unknown here."""
        for attrs in (b"", b"socket", b"socket=", b'socket="";x=1', b"sockname", b"socket;socket=tcp:127.0.0.1"):
            self.assertIsNone(made(b"sip:gw", attrs).socket, attrs)
        self.assertEqual(made(b"sip:gw", b"sockname='';socket=tcp:127.0.0.1").socket, SOCKETS[1])
        self.assertEqual(made(b"sip:gw", b"socket=tcp:127.0.0.1").socket, SOCKETS[1])
        with self.assertRaisesRegex(ValueError, "by address"):
            made(b"sip:gw", b"sockname=edge")
