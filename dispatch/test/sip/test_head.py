"""Tests of dispatch.sip.head: what the pattern takes.

That it says the same as the reader is tested in test_agreement.
"""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip import head as head_
from dispatch.sip.head import HEAD
from dispatch.test.wire import request, response_to

_VIA = b"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa1"


def head(data: bytes) -> re.Match[bytes]:
    found = HEAD.match(data)
    assert found is not None, data
    return found


class HeadTests(SynchronousTestCase):
    def test_usual(self) -> None:
        """What nearly all traffic looks like is taken, with any headers that don't concern a proxy."""
        headers = b"X-Any: thing\r\nvia-ducts: 3\r\nTOTAL: 4\r\nContact: <sip:a>\r\nm: <sip:b>\r\nPriority: normal\r\n"
        found = head(request(b"BYE", b"sip:a@b", headers=headers + b"no header\r\nContent-Type: a/b\r\n", to_tag=b"t"))
        self.assertEqual(found.group(head_.METHOD, head_.URI, head_.STATUS), (b"BYE", b"sip:a@b", None))
        self.assertEqual(
            found.group(head_.TRANSPORT, head_.SENT_BY, head_.BRANCH), (b"UDP", b"192.0.2.9:5060", b"z9hG4bKa1")
        )
        self.assertEqual(found.group(head_.FROM, head_.TO_TAG), (b" <sip:alice@example.com>;tag=f1\r\n", b"t"))
        self.assertEqual(found.group(head_.CALL_ID, head_.CSEQ_NUMBER, head_.CSEQ_METHOD), (b"call-1", b"1", b"BYE"))
        self.assertEqual(found.group(head_.MAX_FORWARDS, head_.CONTENT_LENGTH), (b"70", b"0"))
        self.assertEqual(found.group(head_.ROUTES, head_.RECORD_ROUTES, head_.OPTIONS), (None, None, None))

    def test_padded_numbers(self) -> None:
        """Blanks before a number are usual: SIPp pads every Content-Length that it fills in."""
        data = request(body=b"v=0\r\n").replace(b"Length: ", b"Length:   ").replace(b"Forwards: ", b"Forwards:  ")
        self.assertEqual(head(data).group(head_.MAX_FORWARDS, head_.CONTENT_LENGTH), (b"70", b"5"))

    def test_responses(self) -> None:
        """A response has a status, and any reason."""
        data = response_to(request(), 486)
        self.assertEqual(head(data).group(head_.METHOD, head_.STATUS), (None, b"486"))
        self.assertIsNotNone(HEAD.match(data.replace(b" Whatever", b" ")))
        for old, new in ((b" 486 ", b" 700 "), (b" 486 ", b" 86 "), (b" 486 ", b" 4860 "), (b"SIP/", b"sip/")):
            self.assertIsNone(HEAD.match(data.replace(old, new, 1)), new)

    def test_odd(self) -> None:
        """Another spelling, folding, a blank before the colon, or a header twice is for the full reader."""
        for old, new in (
            (b"INVITE sip", b"invite sip"),
            (b"INVITE sip", b"INVITE  sip"),
            (b"SIP/2.0\r", b"SIP/2.1\r"),
            (b"Via:", b"VIA:"),
            (b"Via:", b"v:"),
            (b"From:", b"f:"),
            (b"To:", b"to:"),
            (b"Call-ID:", b"Call-Id:"),
            (b"Call-ID:", b"i:"),
            (b"CSeq:", b"Cseq:"),
            (b"CSeq:", b"CSeq :"),
            (b"Content-Length:", b"l\t:"),
            (b"Content-Length:", b"Content-length:"),
            (b"Max-Forwards:", b"max-forwards:"),
            (b"Max-Forwards: 70", b"Max-Forwards: 256"),
            (b"Max-Forwards: 70", b"Max-Forwards:\r\n 70"),
            (b"Max-Forwards: 70", b"X: y\r\n\tz\r\nMax-Forwards: 70"),
            (b"Max-Forwards: 70", b"X: y\nMax-Forwards: 70"),
            (b"CSeq:", b"CSeq: 1 INVITE\r\nCSeq:"),
            (b"Call-ID:", b"Call-ID: other\r\nCall-ID:"),
            (b"From:", b"From: <sip:a>\r\nFrom:"),
            (b"From:", b"From:\r\n\r\nFrom:"),
            (b"To:", b"To: <sip:a>\r\nX: y\r\nTo:"),
            (b"Max-Forwards:", b"Max-Forwards: 7\r\nMax-Forwards:"),
            (b"Content-Length:", b"Content-Length: 0\r\nContent-Length:"),
            (b"From:", b"ROUTE: <sip:a>\r\nFrom:"),
            (b"From:", b"timestamp: 1\r\nFrom:"),
        ):
            data = request().replace(old, new, 1)
            self.assertNotEqual(data, request())
            self.assertIsNone(HEAD.match(data), new)

    def test_what_must_be_there(self) -> None:
        """A head without Via, From, To, Call-ID or CSeq is for the full reader, which says what is missing."""
        for name in (b"Via:", b"From:", b"To:", b"Call-ID:", b"CSeq:"):
            self.assertIsNone(HEAD.match(request().replace(name, b"X-" + name)), name)

    def test_a_second_of_a_kind(self) -> None:
        """A line that may be there once and comes again with nothing behind its name does not end the head."""
        for name in (b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Max-Forwards", b"Content-Length"):
            self.assertIsNone(HEAD.match(request(headers=b"X: y\r\n")[:-2] + name + b":\r\n\r\n"), name)

    def test_what_may_come_often(self) -> None:
        """Via, Route and Record-Route may be in several lines, but only one below the other."""
        for name, group in ((b"Route", head_.ROUTES), (b"Record-Route", head_.RECORD_ROUTES)):
            lines = b"%b: <sip:a>\r\n%b: <sip:b>\r\n" % (name, name)
            self.assertEqual(head(request(headers=lines))[group], lines[len(name) + 1 :])
            self.assertIsNone(HEAD.match(request(headers=lines + b"X: y\r\n" + lines)), name)
        data = request().replace(b"Via:", b"Via: SIP/2.0/TCP a;branch=b\r\nVia:", 1)
        self.assertEqual(
            head(data).group(head_.BRANCH, head_.VIAS), (b"b", data[data.index(b"Via:") + 4 :].partition(b"Max")[0])
        )

    def test_the_topmost_via(self) -> None:
        """It is taken apart with a branch, perhaps rport beside it, and no other parameter."""
        for text, before, end, comma in (
            (b";branch=a", b";", b"\r\n", None),
            (b";rport;branch=a", b";rport;", b"\r\n", None),
            (b";branch=a;rport", b";", b";rport\r\n", None),
            (b";branch=a, \tSIP/2.0/UDP b", b";", None, b", \t"),
            (b";branch=a;rport,SIP/2.0/UDP b", b";", None, b";rport,"),
        ):
            found = head(request().replace(b";branch=z9hG4bKa1", text))
            self.assertEqual(found.group(head_.RPORT_BEFORE, head_.LINE_END, head_.COMMA), (before, end, comma), text)
        for old, new in (
            *((b"bKa1", b"bKa1;rport=1"), (b"bKa1", b"bKa1;a"), (b"bKa1", b"bKa1 ,b"), (b";branch=z9hG4bKa1", b"")),
            *(
                (b":5060", b":65536"),
                (b":5060", b":0"),
                (b" 192", b"  192"),
                (b"/UDP", b"/udp"),
                (b"branch", b"Branch"),
            ),
        ):
            found = head(request().replace(old, new, 1))
            self.assertEqual(found.group(head_.LINE_END, head_.COMMA), (None, None), new)
            self.assertIsNotNone(found[head_.VIAS])

    def test_to(self) -> None:
        """The tag of To is taken when nothing else can be meant."""
        for text, expected in ((b"<sip:a>;tag=b", b"b"), (b"<sip:a>", None), (b'"A, <B>;tag=c" <sip:a>;tag=b', b"b")):
            found = head(request().replace(b"<sip:bob@example.com>", text))
            self.assertEqual(found.group(head_.TO_READ, head_.TO_TAG), (b"", expected), text)
        for text in (
            *(b"sip:a", b"sip:a;tag=b", b"<sip:a> ;tag=b", b'"A\\"" <sip:a>', b"<sip:a>;x;tag=b", b"<sip:a>;tag=b;x"),
            *(b"<sip:a>;TAG=b", b"<sip:a", b"<>", b"<sip:a>;tag=b\t"),
        ):
            self.assertIsNone(head(request().replace(b"<sip:bob@example.com>", text))[head_.TO_READ], text)

    def test_options(self) -> None:
        """Require, Proxy-Require and Timestamp are seen, and neither is taken for another nor for nothing."""
        for headers, options, timestamp in (
            *((b"", False, False), (b"Require: a\r\n", True, False), (b"Proxy-Require: a\r\n", True, False)),
            *((b"Timestamp: 1\r\n", False, True), (b"Record-Route: <sip:a>\r\nTimestamps: 1\r\n", False, False)),
            (b"Require: a\r\n" * 2, True, False),
        ):
            found = head(request(headers=headers))
            self.assertEqual(
                (found[head_.OPTIONS] is not None, found[head_.TIMESTAMP] is not None), (options, timestamp), headers
            )

    def test_the_body_has_no_headers(self) -> None:
        """What looks like a header in the body, or in a value, is none."""
        found = head(request(headers=b"X: Route: <sip:a>\r\n", body=b"\r\nRoute: <sip:a>\r\n from: x\r\n"))
        self.assertIsNone(found[head_.ROUTES])

    def test_nobody_keeps_it_busy(self) -> None:
        """Time grows with the length alone, whatever is repeated: 100 times as much comes back at all."""
        for start, repeated in (
            *(
                (b"", b"A"),
                (b"A ", b"a"),
                (b"A ", b"a SIP/2.0"),
                (b"SIP/2.0 200 ", b" "),
                (b"SIP/2.0 200 ", b"SIP/2.0 2"),
            ),
            *((_START, b"A: b\r\n"), (_START, b"v"), (_START, b"v \t"), (_START, b"Record-Rout"), (_START, b"Ti")),
            *((_START, b"Via: a\r\n"), (_START + b"Via: ", b"a, "), (_START + b"Via: SIP/2.0/UDP ", b"a")),
            *((_START + b"Via: SIP/2.0/UDP a", b";rport"), (_START + b"Via: SIP/2.0/UDP a", b";branch=a")),
            *((_START + b"Via: SIP/2.0/UDP a;branch=a,", b" "), (_START + b"To: ", b"a "), (_START + b'To: "', b"a")),
            *((_START + b"To: <", b"a"), (_START + b"To: <a>;tag=", b"a"), (_START + b"To: ", b'"" <')),
            *((_START + b"CSeq: 1 ", b"A"), (_START + b"Call-ID: ", b"a"), (_START, b"Route: a\r\n")),
            *((_START, b"Record-Route: <a>\r\n"), (_START, b"Require: a\r\n"), (_START, b"\r"), (_START, b"\n")),
        ):
            for end in (b"", b"\r\n", b"\r\n\r\n", b"\n", b"\0"):
                HEAD.match(start + repeated * 50_000 + end)


_START = b"A a SIP/2.0\r\n"
