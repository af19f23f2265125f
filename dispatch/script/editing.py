"""Changes of headers and body, as edits of the bytes of a message."""

from __future__ import annotations

import re
from typing import Final

from dispatch.sip.edits import Edit
from dispatch.sip.message import Message
from dispatch.sip.reader import COMPACT, Line

# message-header = header-name HCOLON header-value CRLF;  a line that begins with a blank continues the one before
_LINES: Final = re.compile(rb"(?:[A-Za-z0-9\-.!%*_+`'~]+[ \t]*:[^\r\n\0]*\r\n(?:[ \t]+[^\r\n\0]*\r\n)*)+")
_PIECES: Final = re.compile(rb"(?:[^\r\n\0]|\r\n)*")
_NAME: Final = re.compile(rb"[A-Za-z0-9\-.!%*_+`'~]+")
_VALUE: Final = re.compile(rb"[^\r\n\0]*")


def whole_lines(text: bytes) -> bytes:
    """The text, when it is header lines and nothing else; the last line end may be missing.

    Raises:
        ValueError: it is no header line, or it would end the headers.
    """
    lines = text if text.endswith(b"\r\n") else text.rstrip(b"\r\n") + b"\r\n"
    if _LINES.fullmatch(lines) is None:
        raise ValueError(f"{text[:60]!r} is no header line; write e.g. 'X-Name: value\\r\\n'")
    return lines


def loose_lines(text: bytes) -> bytes:
    """The text, when it may become part of header lines: what follows in it belongs to the last one, if that is open.

    Raises:
        ValueError: it would end the headers, or has a line end alone.
    """
    if _PIECES.fullmatch(text) is None or b"\r\n\r\n" in text or text.startswith(b"\r\n"):
        raise ValueError(f"{text[:60]!r} is no header line; write e.g. 'X-Name: value\\r\\n'")
    return text


def header_line(name: bytes, value: bytes) -> bytes:
    """One header.

    Raises:
        ValueError: the name is none, or the value does not end where its line does.
    """
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name[:60]!r} is no name of a header")
    if _VALUE.fullmatch(value) is None:
        raise ValueError(f"{value[:60]!r} can't stand in a header: it has a line end or a NUL")
    return b"%b: %b\r\n" % (name, value)


def reason(text: bytes) -> bytes:
    """The text, when it can stand in a status line.

    Raises:
        ValueError: it can't.
    """
    if _VALUE.fullmatch(text) is None:
        raise ValueError(f"{text[:60]!r} can't stand in a status line")
    return text


def spans(message: Message, name: bytes) -> list[Line]:
    """The lines of a header, by any of its names."""
    name = name.strip().lower()
    return message.reader.spans(COMPACT.get(name, name))


def append(message: Message, lines: bytes, after: bytes) -> Edit:
    """Behind the first header of that name, else behind the last header."""
    found = spans(message, after) if after else []
    at = found[0].end if found else message.head - 2
    return (at, at, whole_lines(lines))


def insert(message: Message, lines: bytes, before: bytes) -> Edit:
    """In front of the first header of that name, else of the first header."""
    found = spans(message, before) if before else []
    at = found[0].start if found else message.raw.find(b"\r\n") + 2
    return (at, at, whole_lines(lines))


def remove(message: Message, name: bytes | re.Pattern[bytes]) -> list[Edit]:
    """Take all lines away whose name is that, or is matched."""
    if isinstance(name, bytes):
        return [(line.start, line.end, b"") for line in spans(message, name)]
    raw = message.raw
    return [
        (line.start, line.end, b"")
        for line in message.reader.lines
        if name.search(raw[line.start : raw.find(b":", line.start)].rstrip(b" \t")) is not None
    ]


def body(message: Message, text: bytes, content_type: bytes) -> list[Edit]:
    """Put another body in place, with its length, and its type where one is given."""
    edits = [(message.head, len(message.raw), text), *_header(message, b"Content-Length", b"%d" % len(text))]
    return [*edits, *_header(message, b"Content-Type", content_type)] if content_type else edits


def _header(message: Message, name: bytes, value: bytes) -> list[Edit]:
    found = spans(message, name)
    if found:
        return [(line.value, line.stop, value) for line in found]
    return [append(message, b"%b: %b\r\n" % (name, value), b"")]


def status_line(message: Message, status: int, phrase: bytes) -> Edit:
    """Another status and reason for a reply."""
    return (8, message.raw.find(b"\r\n"), b"%d %b" % (status, reason(phrase)))
