"""Tests of dispatch.sip.message; that both its ways of reading agree is tested in test_agreement."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip.message import Message, splice
from dispatch.test.sip.answers import ACCESSORS, answer
from dispatch.test.wire import request, response_to

COMPACT = (
    b"INVITE sip:bob@example.com SIP/2.0\r\nt: <sip:bob@example.com>\r\nf: <sip:alice@example.com>;tag=f1\r\n"
    b"i: call-1\r\nCSeq: 1\r\n INVITE\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1,\r\n SIP/2.0/UDP b\r\nl: 3\r\n\r\nabc"
)


class SpliceTests(SynchronousTestCase):
    def test_edits(self) -> None:
        """Edits in any order replace, insert and delete; all other bytes stay."""
        edits = [(8, 8, b"!"), (0, 1, b"AA"), (3, 5, b"")]
        self.assertEqual(splice(b"abcdefgh", edits), b"AAbcfgh!")
        self.assertEqual(splice(b"abc", []), b"abc")

    @given(st.binary(max_size=40), st.lists(st.tuples(st.integers(0, 40), st.binary(max_size=4)), max_size=6))
    def test_as_one_by_one(self, raw: bytes, cuts: list[tuple[int, bytes]]) -> None:
        """All edits at one go give what they give one after the other from behind."""
        spots = sorted({min(at, len(raw)) for at, _ in cuts})
        edits = [(start, stop, text) for start, stop, (_, text) in zip(spots[::2], spots[1::2], cuts, strict=False)]
        expected = raw
        for start, stop, text in reversed(edits):
            expected = expected[:start] + text + expected[stop:]
        self.assertEqual(splice(raw, reversed(edits)), expected)


class StartLineTests(SynchronousTestCase):
    """RFC 3261 §7.1 and §7.2."""

    def read(self, line: bytes) -> Message:
        return Message(line + b"\r\nVia: SIP/2.0/UDP a;branch=b\r\nContent-Length: 0\r\n\r\n")

    def test_requests(self) -> None:
        """Method and Request-URI are what stands there, whatever the method is called."""
        for method, uri in ((b"INVITE", b"sip:a"), (b"!interesting-Method0123456789_*+`.%indeed'~", b"sip:a@b;c?d")):
            message = self.read(b"%b %b SIP/2.0" % (method, uri))
            self.assertEqual((message.is_request, message.method, message.uri), (True, method, uri))
            self.assertEqual((message.status, message.reason), (0, b""))

    def test_responses(self) -> None:
        """Status and reason are what stands there; there may be no reason, and any bytes in it."""
        for line, status, reason in (
            (b"SIP/2.0 200 OK", 200, b"OK"),
            (b"SIP/2.0 699 \xd0\x9d\xd0\xb5 x", 699, b"\xd0\x9d\xd0\xb5 x"),
            (b"SIP/2.0 100 ", 100, b""),
            (b"sip/2.0 404 No", 404, b"No"),
        ):
            message = self.read(line)
            self.assertEqual((message.is_request, message.status, message.reason), (False, status, reason))
            self.assertEqual((message.method, message.uri), (b"", b""))

    def test_broken(self) -> None:
        """What is no start line is refused, with 505 for another version of SIP and 400 for the rest."""
        for line, status in (
            *((b"", 400), (b"INVITE", 400), (b"INVITE sip:a", 400), (b"INVITE  sip:a SIP/2.0", 400)),
            *((b"INVITE sip:a SIP/2.0 ", 400), (b"INVITE sip:a HTTP/1.1", 400), (b"IN(VITE sip:a SIP/2.0", 400)),
            *((b"INVITE <sip:a> SIP/2.0", 400), (b"INVITE sip:a; lr SIP/2.0", 400), (b"INVITE sip:a SIP/3.0", 505)),
            *((b"SIP/2.0 2000 OK", 400), (b"SIP/2.0 20 OK", 400), (b"SIP/2.0 099 OK", 400), (b"SIP/2.0 700 OK", 400)),
            *((b"SIP/2.0 +20 OK", 400), (b"SIP/2.0200 OK", 400), (b" INVITE sip:a SIP/2.0", 400)),
        ):
            with self.assertRaises(ParseError, msg=line) as caught:
                self.read(line)
            self.assertEqual(caught.exception.status, status, line)


class BodyTests(SynchronousTestCase):
    def test_extent(self) -> None:
        """The body begins behind the first blank line and may hold anything, blank lines too."""
        for body in (b"", b"v=0\r\n\r\n\0\xff", b"\r\n\r\n"):
            message = Message(request(body=body))
            self.assertEqual((message.body, message.content_length), (body, len(body)))
            self.assertEqual(message.raw[message.head :], body)

    def test_bytes_behind(self) -> None:
        """Bytes behind Content-Length are no part of the message (§18.3), in any layout."""
        for data in (request(body=b"abc"), COMPACT):
            message = Message(data + b"tail")
            self.assertEqual((message.body, message.raw), (b"abc", data))

    def test_too_short(self) -> None:
        """A body that is shorter than it says is refused (§18.3), in any layout."""
        for data in (request(body=b"abc"), COMPACT):
            with self.assertRaises(ParseError):
                Message(data[:-1])

    def test_no_length(self) -> None:
        """Without Content-Length all that follows is the body."""
        message = Message(request(body=b"abc").replace(b"Content-Length: 3\r\n", b""))
        self.assertEqual((message.body, message.content_length), (b"abc", None))

    def test_no_end(self) -> None:
        """Headers without an end are no message."""
        for data in (b"", b"\r\n", request()[:-2], b"INVITE sip:a SIP/2.0\n\n"):
            with self.assertRaises(ParseError):
                Message(data)


class AccessTests(SynchronousTestCase):
    def test_any_layout(self) -> None:
        """Usual and odd layouts answer every question alike."""
        usual, odd = Message(request(branch=b"z9hG4bK1", via=b"a", body=b"abc")), Message(COMPACT)
        self.assertTrue(usual.usual)
        self.assertFalse(odd.usual)
        for message in (usual, odd):
            self.assertEqual((message.call_id, message.cseq), (b"call-1", (1, b"INVITE")))
            self.assertEqual((message.from_tag, message.to_tag), (b"f1", None))
            self.assertEqual((message.via.host, message.via.branch), (b"a", b"z9hG4bK1"))
            self.assertEqual((message.routes, message.require, message.header(b"subject")), ([], (), None))
        self.assertEqual([via.host for via in odd.vias], [b"a", b"b"])

    def test_forced(self) -> None:
        """On request the full reader reads a usual message too, and says the same."""
        data = request(headers=b"Route: <sip:a;lr>\r\nRequire: 100rel\r\nRecord-Route: <sip:b;lr>\r\n", to_tag=b"t")
        quick, full = Message(data), Message(data, usual=False)
        self.assertFalse(full.usual)
        for accessor in ACCESSORS:
            self.assertEqual(answer(quick, accessor), answer(full, accessor), accessor)
        self.assertEqual((quick.method, quick.uri, quick.head), (full.method, full.uri, full.head))

    def test_remembered(self) -> None:
        """What was asked for once is the same object when it is asked for again."""
        for message in (Message(request(headers=b"Route: <sip:a>\r\n")), Message(COMPACT)):
            for name in ("via", "call_id", "routes", "reader"):
                self.assertIs(getattr(message, name), getattr(message, name), name)

    def test_missing(self) -> None:
        """What every message must have raises when it is not there; the rest is None or empty (§8.1.1)."""
        for data in (b"BYE sip:a SIP/2.0\r\nContact: <sip:a>\r\n\r\n", b"BYE sip:a SIP/2.0\r\nm:\r\n <sip:a>\r\n\r\n"):
            message = Message(data)
            for name in ("via", "call_id", "cseq", "from_tag", "to_tag"):
                with self.assertRaises(ParseError, msg=name):
                    getattr(message, name)
            self.assertEqual((message.max_forwards, message.content_length), (None, None))
            self.assertEqual((message.routes, message.record_routes), ([], []))
            self.assertEqual((message.first_line(b"via"), message.lines(b"via")), (-1, b""))

    def test_max_forwards(self) -> None:
        """Max-Forwards is told with the place of its digits, to be counted down there."""
        for data in (request(max_forwards=b"070"), request(max_forwards=b" 070\t")):
            message = Message(data)
            assert message.max_forwards is not None
            value, start, stop = message.max_forwards
            self.assertEqual((value, data[start:stop]), (70, b"070"))

    def test_too_large(self) -> None:
        """Numbers out of range are refused: Max-Forwards above 255, CSeq from 2**31 on (§8.1.1.5, §20.22)."""
        self.assertEqual(Message(request(cseq=2**31 - 1)).cseq[0], 2**31 - 1)
        with self.assertRaises(ParseError):
            Message(request(cseq=2**31)).cseq  # noqa: B018 - it raises
        with self.assertRaises(ParseError):
            Message(request(max_forwards=b"256")).max_forwards  # noqa: B018 - it raises


class LineTests(SynchronousTestCase):
    """Whole lines, as they are copied."""

    def test_lines(self) -> None:
        """All lines of a header are given as they came, whatever stands between them."""
        data = request(headers=b"Route: <sip:a>\r\nX: y\r\nRoute: <sip:b>\r\n")
        self.assertEqual(Message(data).lines(b"route"), b"Route: <sip:a>\r\nRoute: <sip:b>\r\n")
        self.assertEqual(Message(data).lines(b"proxy-require"), b"")
        self.assertEqual(Message(COMPACT).lines(b"cseq"), b"CSeq: 1\r\n INVITE\r\n")

    def test_first_line(self) -> None:
        """A header begins where its name does, in any layout."""
        for data, name, start in ((request(), b"to", b"To:"), (COMPACT, b"to", b"t:"), (COMPACT, b"via", b"v:")):
            self.assertTrue(data.startswith(start, Message(data).first_line(name)))

    def test_any_header(self) -> None:
        """Headers that don't concern a proxy are found by their long name, folded or compact."""
        message = Message(request(headers=b"s: one\r\n two\r\nX-Odd:\t1 \r\n"))
        self.assertEqual((message.header(b"subject"), message.header(b"x-odd")), (b"one\r\n two", b"1"))


class SalvageTests(SynchronousTestCase):
    def test_a_bad_start(self) -> None:
        """What has a broken start line or too short a body is read all the same, to be answered."""
        for data in (
            request().replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1),
            request().replace(b"INVITE sip", b"INVITE  sip", 1),
            request(body=b"abc")[:-1],
        ):
            with self.assertRaises(ParseError):
                Message(data)
            message = Message(data, salvage=True)
            self.assertEqual((message.is_request, message.method, message.call_id), (True, b"INVITE", b"call-1"))
            self.assertEqual(message.via.branch, b"z9hG4bKa1")

    def test_a_response(self) -> None:
        """A broken response is known as one, so that nobody answers it."""
        data = response_to(request(), 200).replace(b" 200 ", b" 2000 ")
        self.assertFalse(Message(data, salvage=True).is_request)


class AnyBytesTests(SynchronousTestCase):
    @given(st.binary(max_size=200), st.booleans())
    def test_a_message_or_an_error(self, junk: bytes, salvage: bool) -> None:
        """Any bytes give a message or a ParseError, and each question to it an answer or a ParseError."""
        for data in (
            junk,
            junk + b"\r\n\r\n",
            b"INVITE sip:a SIP/2.0\r\nVia: " + junk + b"\r\nCSeq: 1" + junk + b"\r\n\r\n",
        ):
            try:
                message = Message(data, salvage=salvage)
            except ParseError:
                continue
            for accessor in ACCESSORS:
                answer(message, accessor)


class HopTests(SynchronousTestCase):
    def test_goes_on(self) -> None:
        """A response goes on to a hop when the Via below its topmost is that one, whole, and in usual layout."""
        hop = Message(request()).hop
        self.assertEqual(hop, b"192.0.2.9:5060;branch=z9hG4bKa1")
        ours = b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKd1"
        for below, expected in (
            (b"\r\nVia: SIP/2.0/UDP " + hop, True),
            (b", SIP/2.0/UDP " + hop + b";received=192.0.2.9", True),
            (b"\r\nVia: SIP/2.0/UDP " + hop + b"1", False),
            (b"\r\nVia: SIP/2.0/TCP " + hop, False),
            (b"\r\nX-Via: SIP/2.0/UDP " + hop, False),
            (b"", False),
        ):
            data = response_to(request(), 200)
            data = data[: data.index(b"Via:")] + ours + below + data[data.index(b"\r\nFrom") :]
            self.assertEqual(Message(data).goes_on_to(hop), expected, below)
