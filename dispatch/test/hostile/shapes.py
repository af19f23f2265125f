"""Messages made to be slow to read: so many times the same mark where somebody may look twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dispatch.test.wire import request

MARKS: Final = {
    "commas": b",",
    "quotes": b'"',
    "folds": b"\r\n ",
    "backslashes": b"\\",
    "escaped quotes": b'\\"',
    "parentheses": b"(",
    "brackets": b"<",
    "closing brackets": b">",
    "semicolons": b";",
    "parameters": b";a=b",
    "blanks": b" ",
    "tabs": b"\t",
    "colons": b":",
    "at signs": b"@",
    "percent signs": b"%",
    "letters": b"a",
    "digits": b"1",
    "dots": b".",
    "values": b"<sip:a>,",
    "vias": b"SIP/2.0/UDP a,",
}
_BEGINNINGS: Final = {
    b"Via": (b"", b"SIP/2.0/UDP ", b"SIP/2.0/UDP a;branch=", b'SIP/2.0/UDP a;x="'),
    b"From": (b"", b'"', b"<sip:a", b"<sip:a>;tag="),
    b"To": (b"", b'"', b"<sip:a", b"<sip:a>;tag="),
    b"Route": (b"", b"<sip:a;lr>", b"<sip:a>;x=", b'"'),
    b"Record-Route": (b"",),
    b"Call-ID": (b"",),
    b"CSeq": (b"", b"1 "),
    b"Max-Forwards": (b"", b"7"),
    b"Content-Length": (b"", b"0"),
    b"Require": (b"", b"a"),
    b"Proxy-Require": (b"", b"a"),
    b"Contact": (b"", b'"'),
    b"X": (b"",),
}
_PLAIN: Final = request()


def shapes(count: int) -> Iterator[tuple[str, bytes]]:
    """Each mark, `count` times, in each header and in the Request-URI: what it is, and the message."""
    for name, mark in MARKS.items():
        run = mark * count
        for header, beginnings in _BEGINNINGS.items():
            for beginning in beginnings:
                where = f"{name} in {header.decode()} behind {beginning.decode()!r}"
                yield where, _with(header, b"%b: %b%b\r\n" % (header, beginning, run))
        if b" " not in mark and mark != b"\t":
            yield f"{name} in the Request-URI", request(uri=b"sip:" + run)
            yield f"{name} as a method", _PLAIN.replace(b"INVITE sip", run + b" sip", 1)
        yield f"{name} as a header", _PLAIN.replace(b"\r\n\r\n", b"\r\n%b\r\n\r\n" % run)
    yield "header lines", request(headers=b"a:\r\n" * count)
    yield "line ends", b"\r\n" * count + _PLAIN


def _with(header: bytes, line: bytes) -> bytes:
    """The plain message with this line in place of its own, or as one more."""
    at = _PLAIN.find(b"\r\n%b:" % header) + 2
    if at < 2:
        return _PLAIN.replace(b"\r\n\r\n", b"\r\n%b\r\n" % line)
    return _PLAIN[:at] + line + _PLAIN[_PLAIN.find(b"\r\n", at) + 2 :]
