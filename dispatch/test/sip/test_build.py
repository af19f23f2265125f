"""Tests of dispatch.sip.build."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip import build
from dispatch.sip.message import Message
from dispatch.test.wire import header, request, response_to

COMPACT = (
    b"INVITE sip:bob@example.com SIP/2.0\r\nt: <sip:bob@example.com>\r\nf: <sip:alice@example.com>;tag=f1\r\n"
    b"i: call-1\r\nCSeq: 1\r\n INVITE\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1\r\nv: SIP/2.0/UDP b\r\nl: 0\r\n\r\n"
)


class ResponseTests(SynchronousTestCase):
    """RFC 3261 §8.2.6."""

    def test_copied(self) -> None:
        """Via, From, To, Call-ID and CSeq are those of the request, byte by byte and every Via; nothing else is."""
        data = request(headers=b"Via: SIP/2.0/UDP below\r\nX: y\r\nContact: <sip:a>\r\n", body=b"v=0")
        made = build.response(Message(data), 486, b"Busy")
        self.assertTrue(made.startswith(b"SIP/2.0 486 Busy\r\n"))
        for name in (b"Via", b"From", b"To", b"Call-ID", b"CSeq"):
            self.assertEqual(header(made, name), header(data, name))
        self.assertEqual(len(made.split(b"\r\n")), 1 + 6 + 1 + 2)
        self.assertTrue(made.endswith(b"\r\nContent-Length: 0\r\n\r\n"))

    def test_any_layout(self) -> None:
        """A request in compact form, folded, gets a response that is read like any other."""
        made = Message(build.response(Message(COMPACT), 404, to_tag=b"x", received=None))
        self.assertEqual((made.status, made.reason), (404, b"Not Found"))
        self.assertEqual(
            (made.call_id, made.cseq, made.from_tag, made.to_tag), (b"call-1", (1, b"INVITE"), b"f1", b"x")
        )
        self.assertEqual([via.host for via in made.vias], [b"a", b"b"])

    def test_to_tag(self) -> None:
        """A To tag is added where the request has none, and where one was asked for."""
        for given, asked, expected in ((b"", b"x", b"x"), (b"t1", b"x", b"t1"), (b"", b"", None), (b"t1", b"", b"t1")):
            made = build.response(Message(request(to_tag=given)), 404, to_tag=asked)
            self.assertEqual(Message(made).to_tag, expected)

    def test_broken_to(self) -> None:
        """A To that can't be read goes back as it came."""
        data = request().replace(b"To: <sip:bob@example.com>", b'To: "bob <sip:bob@example.com>')
        self.assertEqual(header(build.response(Message(data), 400, to_tag=b"x"), b"To"), header(data, b"To"))

    def test_received(self) -> None:
        """The edit that notes the source is made in the topmost Via alone."""
        for data in (request(headers=b"Via: SIP/2.0/UDP below\r\n"), COMPACT):
            message = Message(data)
            stop = message.via.stop
            made = Message(build.response(message, 200, received=(stop, stop, b";received=192.0.2.9")))
            self.assertEqual([via.received for via in made.vias], [b"192.0.2.9", None])

    def test_more(self) -> None:
        """Header lines and a body may be added; the length is counted, and an unknown status has some reason."""
        made = Message(build.response(Message(request()), 499, headers=b"X-Odd: y\r\n", body=b"abc"))
        self.assertEqual((made.header(b"x-odd"), made.body, made.content_length), (b"y", b"abc", 3))
        self.assertTrue(made.reason)


class BesideTests(SynchronousTestCase):
    """What goes with an INVITE that we sent."""

    INVITE = request(headers=b"Via: SIP/2.0/UDP below\r\nRoute: <sip:r1;lr>\r\nRoute: <sip:r2;lr>\r\nX: y\r\n", cseq=7)

    def test_ack(self) -> None:
        """All of an ACK but its To, which the response has, is of the INVITE, and its top Via alone (§17.1.1.3)."""
        made = build.ack(Message(self.INVITE), Message(response_to(self.INVITE, 486, to_tag=b"t9")))
        self.assertTrue(made.startswith(b"ACK sip:bob@example.com SIP/2.0\r\n"))
        for name in (b"Route", b"From", b"Call-ID"):
            self.assertEqual(header(made, name), header(self.INVITE, name))
        self.assertEqual(header(made, b"Via"), header(self.INVITE, b"Via")[:1])
        self.assertEqual(header(made, b"CSeq"), [b"7 ACK"])
        self.assertEqual(Message(made).to_tag, b"t9")
        self.assertEqual((header(made, b"X"), Message(made).content_length), ([], 0))

    def test_cancel(self) -> None:
        """A CANCEL has the To of the INVITE, and else what an ACK has (§9.1)."""
        made = build.cancel(Message(self.INVITE))
        self.assertTrue(made.startswith(b"CANCEL sip:bob@example.com SIP/2.0\r\n"))
        for name in (b"Route", b"From", b"To", b"Call-ID"):
            self.assertEqual(header(made, name), header(self.INVITE, name))
        self.assertEqual(header(made, b"Via"), header(self.INVITE, b"Via")[:1])
        self.assertEqual((header(made, b"CSeq"), header(made, b"Max-Forwards")), ([b"7 CANCEL"], [b"70"]))

    def test_one_of_a_list(self) -> None:
        """Of several Via values in one line only the topmost is taken, compact or not."""
        for old in (b"Via: ", b"v: "):
            data = request().replace(b"Via: ", old).replace(b"\r\nMax", b", SIP/2.0/UDP below\r\nMax", 1)
            self.assertEqual([via.host for via in Message(data).vias], [b"192.0.2.9", b"below"])
            made = Message(build.cancel(Message(data)))
            self.assertEqual([(via.host, via.branch) for via in made.vias], [(b"192.0.2.9", b"z9hG4bKa1")])
