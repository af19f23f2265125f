"""The quick and the full way of reading a message give the same answers."""

from __future__ import annotations

from collections import Counter
from typing import Final

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip.message import Message
from dispatch.test.sip import corpora
from dispatch.test.sip.answers import ACCESSORS, answer
from dispatch.test.wire import request, response_to

_NAMES: Final = (b"via", b"from", b"to", b"call-id", b"cseq", b"route", b"record-route")
_COMPACT: Final = {b"via": b"v", b"from": b"f", b"to": b"t", b"call-id": b"i", b"content-length": b"l"}

_DIALOG: Final = (
    b'Route: <sip:192.0.2.1;lr;ds=a0>, "P, Q" <sip:p@[2001:db8::1]:5070;lr>;x=y\r\nRoute: <sip:c.com;lr>\r\n'
)
_RECORDED: Final = b"Record-Route: <sip:192.0.2.1;lr>\r\nRecord-Route: <sip:p.com;lr;r2=on>;a\r\n"
_NATTED: Final = b"[2001:DB8::9]:5061;rport;received=192.0.2.77;alias"
_OPTIONS: Final = b"Require: 100rel,Timer\r\nProxy-Require: sec-agree\r\nSubject: x\r\n"
_INVITE: Final = request(headers=_RECORDED, body=b"v=0\r\n\r\nl: 9\r\n")
_BYE: Final = request(b"BYE", b"sip:b@192.0.2.5", headers=_DIALOG, to_tag=b"t-1", via=_NATTED, transport=b"TCP")
_NAMED: Final = (
    request(b"PING", headers=_OPTIONS).replace(b"From: <", b'From: "A \\" <b>" <').replace(b"To: <", b"To: B C <")
)
_BASES: Final = (_INVITE, _BYE, _NAMED, response_to(_BYE, 200), response_to(_INVITE, 180, headers=_RECORDED))

_CHUNKS: Final = st.sampled_from(
    (
        *(
            b'"',
            b"<",
            b">",
            b",",
            b", ",
            b" ,",
            b";",
            b" ; ",
            b":",
            b"=",
            b" ",
            b"\t",
            b"  ",
            b"\\",
            b"\0",
            b"\xe9",
            b"%",
        ),
        *(
            b"\r\n ",
            b"\r\n\t",
            b"\r\n",
            b"\r",
            b"\n",
            b"\n ",
            b"\x0b",
            b"9",
            b"00",
            b"99999",
            b"-1",
            b"a",
            b"Z",
            b"/",
            b"@",
        ),
        *(b";rport", b";rport=5", b";rport=", b";rport=99999999", b";rportx=1", b";Rport", b";received=192.0.2.3"),
        *(b";received=::1", b";branch=q", b";branch=", b";tag=z", b";TAG=z", b";tag=", b";tag", b";lr", b"[", b"]"),
        *(b", SIP/2.0/UDP h", b",  SIP/2.0/TCP h:5;branch=w", b"<sip:x>", b", <sip:y;lr>", b"a" * 40, b"a b " * 10),
    )
)
_KINDS: Final = (
    "case",
    "compact",
    "before colon",
    "behind colon",
    "no blank",
    "fold",
    "trail",
    "move",
    "twice",
    "drop",
    "flip",
    "put",
)
_STEPS: Final = st.lists(
    st.tuples(st.sampled_from(_KINDS), st.integers(0, 40), st.integers(0, 400), _CHUNKS), max_size=4
)


def _mutate(raw: bytes, kind: str, line: int, at: int, chunk: bytes) -> bytes:
    """A message that is not quite the same."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    if kind == "flip":
        at %= len(raw)
        return raw[:at] + bytes((raw[at] ^ 1 << line % 8,)) + raw[at + 1 :]
    if kind == "put":
        at %= len(raw)
        return raw[:at] + chunk + raw[at:]
    if not lines:
        return raw
    line %= len(lines)
    name, _, value = lines[line].partition(b":")
    if kind == "case":
        lines[line] = name.swapcase() + b":" + value
    elif kind == "compact":
        lines[line] = _COMPACT.get(name.lower(), name) + b":" + value
    elif kind == "before colon":
        lines[line] = name + b" \t:" + value
    elif kind == "behind colon":
        lines[line] = name + b": \t " + value
    elif kind == "no blank":
        lines[line] = name + b":" + value.strip()
    elif kind == "fold":
        lines[line] = name + b":" + value.replace(b" ", b" \r\n ", at % 3 + 1)
    elif kind == "trail":
        lines[line] += b" \t"
    elif kind == "move":
        lines.insert(at % len(lines), lines.pop(line))
    elif kind == "twice":
        lines.insert(at % len(lines), lines[line])
    elif kind == "drop":
        del lines[line]
    return b"\r\n".join((first, *lines)) + b"\r\n\r\n" + body


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Messages that were valid before something was done to them."""
    raw = draw(st.sampled_from(_BASES))
    for kind, line, at, chunk in draw(_STEPS):
        raw = _mutate(raw, kind, line, at, chunk)
    return raw


def _read(raw: bytes, usual: bool | None) -> Message | ParseError:
    try:
        return Message(raw, usual)
    except ParseError as error:
        return error


def _plain(value: object) -> object:
    """An answer in a form that can be compared; of an error only the status counts."""
    return ("error", value.status) if isinstance(value, ParseError) else value


def _value(message: Message, name: bytes) -> object:
    try:
        return message.header(name)
    except ParseError as error:
        return error


class AgreementTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.ran: Counter[str] = Counter()

    def _agree(self, raw: bytes, name: str = "") -> None:
        """Compare every answer, and count which way gave it."""
        quick, full = _read(raw, None), _read(raw, False)
        if isinstance(quick, ParseError) or isinstance(full, ParseError):
            self.assertEqual(type(quick), type(full), (name, quick, full))
            self.assertEqual(_plain(quick), _plain(full), name)
            self.ran["refused"] += 1
            return
        self.assertEqual((quick.raw, quick.head, quick.is_request), (full.raw, full.head, full.is_request), name)
        for accessor in ACCESSORS:
            quick = Message(raw)
            ours, theirs = _plain(answer(quick, accessor)), _plain(answer(full, accessor))
            self.assertEqual(ours, theirs, f"{accessor} of {name or raw!r}")
            self.ran["patterns" if quick._reader is None else "reader"] += 1
        for header in _NAMES:
            self.assertEqual(quick.lines(header), full.lines(header), (header, name or raw))
            self.assertEqual(quick.first_line(header), full.first_line(header), (header, name or raw))
        self.assertIsNotNone(full.reader)  # From here on it is what answers.
        for header in (*_NAMES, b"subject", b"content-length"):
            ours, theirs = _plain(_value(Message(raw), header)), _plain(_value(full, header))
            self.assertEqual(ours, theirs, (header, name or raw))

    def _both_ran(self) -> None:
        """Neither way may have been spared the comparison: each gave a tenth of the answers at least."""
        self.assertGreater(10 * min(self.ran["patterns"], self.ran["reader"]), self.ran.total(), self.ran)

    def test_torture(self) -> None:
        """They agree about the messages of RFC 4475 and RFC 5118."""
        for name, raw in corpora.torture():
            self._agree(raw, name)
        self._both_ran()

    def test_corpora(self) -> None:
        """They agree about all that the shared corpora have."""
        for name, raw in corpora.shared():
            self._agree(corpora.as_sent(raw), name)
        self._both_ran()

    if corpora.MISSING:
        test_corpora.skip = corpora.MISSING  # type: ignore[attr-defined]  # trial reads it there

    @settings(max_examples=600)
    @given(messages())
    @example(_INVITE)
    @example(_NAMED)
    @example(_BYE.replace(b"From: <", b"From: " + b"a" * 60 + b"@<"))
    def test_mutations(self, raw: bytes) -> None:
        """They agree about messages that were valid before something was done to them."""
        self._agree(raw)

    @given(st.binary(), st.binary())
    def test_any_bytes(self, line: bytes, headers: bytes) -> None:
        """Any bytes are a message whose every answer is a value or a ParseError, or they are a ParseError."""
        self._agree(line)
        self._agree(line + b"\r\n" + headers + b"\r\n\r\n")
        self._agree(b"BYE sip:a SIP/2.0\r\n" + headers + b"\r\n\r\n")
        for name in (b"Via", b"f", b"To", b"Route", b"CSeq", b"l", b"Require"):
            self._agree(b"BYE sip:a SIP/2.0\r\n" + name + b": " + headers + b"\r\n\r\n")

    def tearDown(self) -> None:
        if self._testMethodName == "test_mutations":
            self._both_ran()
