r"""`dispatcher.list`, read as the original reads it.

::

    line       = [ set-id uri [ flags [ priority [ attributes [ *BLANK ignored ] ] ] ] ] [ "#" comment ]
    set-id     = *DIGIT    ; nothing is 0
    uri        = 1*<any byte but BLANK "#">
    flags      = *DIGIT    ; numbers wrap around at 32 bits, signed
    priority   = *DIGIT
    attributes = 1*<any byte but BLANK>

with BLANK = SP / HTAB / CR / LF before each of them, as much as there is and also none where they can be told apart. A
piece of 1023 bytes is a line even without LF, and what is behind it is the next one; what is behind NUL is lost.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from dispatch.balance.destination import LocalSocket, Row
from dispatch.balance.pace import gently
from dispatch.balance.roster import Roster, RosterBuilder
from dispatch.errors import ConfigError

_LONGEST: Final = 1023
_BLANKS: Final = b" \t\r\n"
_MANY: Final = 10  # digits that may be more than 32 bits hold
# Each part takes what it can and none needs anything, so this matches every line, at one go.
_LINE: Final = re.compile(
    rb"[ \t\r\n]*([0-9]*)[ \t\r\n]*([^ \t\r\n#]*)"
    rb"[ \t\r\n]*([0-9]*)[ \t\r\n]*([0-9]*)[ \t\r\n]*((?:[^# \t\r\n][^ \t\r\n]*)?)[ \t\r\n]*"
)


def load(path: Path, sockets: Collection[LocalSocket], *, strict: bool = False) -> Roster:
    """The destinations of a file; one that can't be opened is a load that failed.

    Args:
        path: the file.
        sockets: what we listen on, for ``socket=``.
        strict: `ds_load_mode` 1.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        problem = ConfigError(path, 0, f"cannot be read ({error.strerror}); see [dispatcher] list_file")
        return Roster({}, errors=(problem,))
    return parse(text, path, sockets, strict=strict)


def parse(text: bytes, path: Path | str, sockets: Collection[LocalSocket], *, strict: bool = False) -> Roster:
    """The destinations in the text of a file."""
    builder = RosterBuilder(path, sockets, strict=strict)
    for number, piece, cut in gently(_pieces(text)):
        if cut:
            builder.warn(number, f"the line is longer than {_LONGEST} bytes; what follows is read as a line of its own")
        text, _, lost = piece.partition(b"\0")
        if lost.strip(_BLANKS) and b"#" not in text:
            builder.warn(number, f"{lost[:40]!r} is lost, as it follows a NUL; remove that")
        _read_line(builder, number, text)
    return builder.finish()


def _pieces(text: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Line number, text without its end, and whether the line was cut there."""
    number, at = 1, 0
    while at < len(text):
        end = text.find(b"\n", at, at + _LONGEST)
        stop = end if end >= 0 else at + _LONGEST
        piece = text[at:stop]
        yield number, piece, end < 0 and stop < len(text)
        at = stop
        if end >= 0:
            at += 1
            number += 1


def _read_line(builder: RosterBuilder, number: int, line: bytes) -> None:
    found = _LINE.match(line)
    assert found is not None
    group, uri, flags, priority, attrs = found.groups()
    if not uri:
        if group:
            text = line.strip(_BLANKS)
            builder.fail(number, f"{text!r} has no destination; write e.g. '{int(group)} sip:192.0.2.1:5060'")
        return
    ignored = line[found.end() :]
    if ignored and not ignored.startswith(b"#"):
        builder.warn(number, f"{ignored[:40]!r} is ignored; attributes have no blanks, and a comment begins with '#'")
    row = Row(_wrapped(group), uri, _wrapped(flags), _wrapped(priority), attrs, number)
    if max(len(group), len(flags), len(priority)) >= _MANY:
        for name, digits, value in (
            ("set", group, row.group),
            ("flags", flags, row.flags),
            ("priority", priority, row.priority),
        ):
            if int(digits or b"0") != value:
                builder.warn(
                    number, f"{name} {digits[:20].decode()} does not fit into 32 bits, and is taken for {value}"
                )
    builder.add(row)


def _wrapped(digits: bytes) -> int:
    """The number as 32 signed bits hold it."""
    value = int(digits or b"0") & 0xFFFFFFFF
    return value - 0x100000000 if value & 0x80000000 else value
