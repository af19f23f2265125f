"""A datagram taken apart as far as the comparison goes, without our own parser: it is that what is tested."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_COMPACT: Final = {
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
}
_IGNORED: Final = ("server", "warning")
_LISTS: Final = ("via", "route", "record-route")
_COMMA: Final = re.compile(r',(?=(?:[^"<>]|"[^"]*"|<[^>]*>)*$)')
_WORD: Final = r"[^;,\s>\"]+"
_PLACEHOLDER: Final = re.compile(r"@(BRANCH\d+|TAG|CALLID)@")


@dataclass(slots=True)
class Datagram:
    """Who got it, or should.

    Attributes:
        to: the endpoint.
        start: start line.
        headers: names in lower case, values in order.
        body: of it.
    """

    to: str
    start: str
    headers: list[tuple[str, str]]
    body: str

    @property
    def is_probe(self) -> bool:
        """Whether the server may have made it by itself: nothing came before it."""
        return not self.start.startswith("SIP/2.0 ") and len(self.values()["via"]) == 1

    def values(self) -> dict[str, list[str]]:
        """Values by name, lists cut."""
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            if name not in _IGNORED:
                found.setdefault(name, []).extend(
                    [one.strip() for one in _COMMA.split(value)] if name in _LISTS else [value]
                )
        return found

    def all(self, name: str) -> list[str]:
        """Header lines of that name."""
        return [value for one, value in self.headers if one == name.lower()]


def parse(to: str, raw: bytes) -> Datagram:
    """What came."""
    head, _, body = raw.decode("latin-1").partition("\r\n\r\n")
    start, *lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    return Datagram(to, start, [_header(line) for line in lines], body)


def expected(recorded: Mapping[str, object], fill: Mapping[str, str]) -> Datagram:
    """What is in a case, with ports in it."""
    headers = recorded["headers"]
    assert isinstance(headers, list)
    return Datagram(
        str(recorded["to"]),
        put_in(str(recorded["start"]), fill),
        [_header(put_in(line, fill)) for line in headers],
        put_in(str(recorded["body"]), fill),
    )


def put_in(text: str, fill: Mapping[str, str]) -> str:
    """The text with placeholders replaced."""
    for name, value in fill.items():
        text = text.replace(f"@{name}@", value)
    return text


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    name = name.strip().lower()
    return _COMPACT.get(name, name), value.strip()


class Names:
    """Which value stands for which ``@BRANCHn@``."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def match(self, wanted: str, got: str) -> bool:
        """Whether a text is the recorded one, the placeholders standing for something."""
        names: list[str] = []

        def group(found: re.Match[str]) -> str:
            names.append(found[1])
            return r"(\S+)" if found[1] == "CALLID" else f"({_WORD})"

        pattern = "".join(
            group(found) if (found := _PLACEHOLDER.fullmatch(piece)) else re.escape(piece)
            for piece in re.split(r"(@(?:BRANCH\d+|TAG|CALLID)@)", wanted)
            if piece
        )
        found = re.fullmatch(pattern, got, re.DOTALL)
        return found is not None and all(
            self._is(name, value) for name, value in zip(names, found.groups(), strict=True) if name[0] == "B"
        )

    def _is(self, name: str, value: str) -> bool:
        if name in self._values:
            return self._values[name] == value
        if value in self._values.values():
            return False
        self._values[name] = value
        return True


def differences(wanted: Datagram, got: Datagram, names: Names) -> list[str]:
    """What is not as recorded."""
    found = []
    if wanted.start[:11] == "SIP/2.0 100":
        if got.start[:11] != "SIP/2.0 100":
            found.append(f"start: wanted {wanted.start!r}, got {got.start!r}")
    elif not names.match(wanted.start, got.start):
        found.append(f"start: wanted {wanted.start!r}, got {got.start!r}")
    mine, theirs = got.values(), wanted.values()
    if wanted.is_probe:
        mine.pop("user-agent", None)
        theirs.pop("user-agent", None)
    for name in sorted(mine.keys() | theirs.keys()):
        if not _same(name, theirs.get(name, []), mine.get(name, []), names):
            found.append(f"{name}: wanted {theirs.get(name)}, got {mine.get(name)}")
    if wanted.body != got.body:
        found.append(f"body: wanted {wanted.body!r}, got {got.body!r}")
    return found


def _same(name: str, wanted: Sequence[str], got: Sequence[str], names: Names) -> bool:
    if len(wanted) != len(got):
        return False
    compare = {"via": _same_via, "record-route": _same_record_route}.get(name, _same_text)
    return all(compare(one, other, names) for one, other in zip(wanted, got, strict=True))


def _same_text(wanted: str, got: str, names: Names) -> bool:
    return names.match(wanted, got)


def _same_via(wanted: str, got: str, names: Names) -> bool:
    first, *parameters = [one.strip() for one in wanted.split(";")]
    other, *others = [one.strip() for one in got.split(";")]
    # The branch goes last on both sides; all others must be the same text.
    order = sorted(parameters, key=lambda one: (one.startswith("branch="), one))
    others.sort(key=lambda one: (one.startswith("branch="), one))
    return (
        first == other
        and len(order) == len(others)
        and all(names.match(one, two) for one, two in zip(order, others, strict=True))
    )


def _same_record_route(wanted: str, got: str, names: Names) -> bool:
    """The URI may have further parameters."""
    first, *parameters = wanted.strip("<>").split(";")
    other, *others = got.strip("<>").split(";")
    return first == other and all(any(names.match(one, two) for two in others) for one in parameters)
