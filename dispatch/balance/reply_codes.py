"""Which answers to a probe are as good as a 2xx (`ds_ping_reply_codes`).

::

    reply-codes = entry *( ";" entry ) [ "," ignored ]
    entry       = "code" "=" 100-699 / "class" "=" 1-6 / <anything else, which means nothing>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dispatch.balance import attributes

SUCCESS: Final = frozenset(range(200, 300))
_CODES: Final = range(100, 700)
_CLASSES: Final = range(1, 7)


def accepted(text: bytes) -> frozenset[int]:
    """The status codes that a destination in good health may answer with: those of `text`, and 200 to 299.

    Raises:
        ValueError: it is no list of that form.
    """
    found = set(SUCCESS)
    for entry in attributes.pairs(text) if text else ():
        found.update(codes_of(*entry))
    return frozenset(found)


def codes_of(name: bytes, value: bytes) -> range:
    """What one entry stands for; nothing where it means nothing.

    Args:
        name: in lower case.
        value: behind its ``=``.
    """
    number = int(value) if value.isdigit() else 0
    if name == b"code" and number in _CODES:
        return range(number, number + 1)
    if name == b"class" and number in _CLASSES:
        return range(100 * number, 100 * (number + 1))
    return range(0)


def mistakes(text: bytes) -> Iterator[str]:
    """What of a list of that form has no effect, in words."""
    listed, comma, _ = text.partition(b",")
    for entry in filter(None, listed.split(b";")):
        name, _, value = entry.partition(b"=")
        if not codes_of(name.strip().lower(), value.strip()):
            shown = entry.decode("utf-8", "replace")
            yield f"{shown!r} has no effect; write code=100 to code=699, or class=1 to class=6"
    if comma:
        yield "what stands behind the comma has no effect; write ';' between entries"
