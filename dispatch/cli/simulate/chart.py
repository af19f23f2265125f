"""Forecasts as a picture: shares as bars, and below them how many calls go elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from dispatch.balance.forecast import Forecast

_WIDTH: Final = 720
_LEFT: Final = 210  # where bars begin
_FULL: Final = 400  # pixels of the longest bar
_BAR: Final = 13
_GAP: Final = 10
_COLOURS: Final = {"now": "#2f6fab", "inactive": "#e0912f", "removed": "#8b97a3"}
_NEEDED, _NEEDLESS, _STAYED = "#f0c890", "#c23b2e", "#e6eaee"
_HEAD: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" '
    'font-family="sans-serif" font-size="12" fill="#222">\n<rect width="{0}" height="{1}" fill="#fff"/>\n'
)


def draw(title: str, labels: Sequence[tuple[bytes | None, str]], shown: Sequence[Forecast]) -> str:
    """The text of an SVG file.

    Args:
        title: its first line.
        labels: the goals to show in this order, and what to call them.
        shown: the forecasts; bars of the same goal stand together.
    """
    body = [_text(12, 22, title, size=15)]
    at = 40
    if len(shown) > 1:
        body += _legend(at, [(_COLOURS[one.name], one.name) for one in shown])
        at += 24
    shares = [one.shares for one in shown]
    largest = max((share for one in shares for share in one.values()), default=1.0)
    for goal, label in labels:
        body.append(_text(_LEFT - 10, at + _BAR * len(shown) / 2 + 4, label, anchor="end"))
        for one, share in zip(shown, shares, strict=True):
            length = share.get(goal, 0.0) / largest * _FULL
            body += [
                _bar(_LEFT, at, length, _COLOURS[one.name]),
                _percent(_LEFT + length + 6, at, share.get(goal, 0.0)),
            ]
            at += _BAR
        at += _GAP
    if len(shown) > 1:
        body += _moves(at + _GAP, shown[1:])
        at += _GAP + 44 + (_BAR + _GAP) * len(shown[1:])
    return _HEAD.format(_WIDTH, at + 6) + "".join(f"{line}\n" for line in body) + "</svg>\n"


def _moves(at: int, shown: Sequence[Forecast]) -> Iterator[str]:
    """A bar of all calls for each forecast: had to go elsewhere, went needlessly, stayed."""
    yield _text(12, at + 10, "Calls that go elsewhere")
    kinds = ((_NEEDED, "had to"), (_NEEDLESS, "needlessly"), (_STAYED, "stayed"))
    yield from _legend(at + 16, kinds)
    at += 40
    for one in shown:
        yield _text(_LEFT - 10, at + _BAR - 2, one.name, anchor="end")
        total, left = len(one.goals), float(_LEFT)
        for count, colour in (
            (one.needed, _NEEDED),
            (one.needless, _NEEDLESS),
            (total - one.needed - one.needless, _STAYED),
        ):
            yield _bar(left, at, count / total * _FULL, colour)
            left += count / total * _FULL
        yield _percent(left + 6, at, (one.needed + one.needless) / total)
        at += _BAR + _GAP


def _legend(at: int, kinds: Sequence[tuple[str, str]]) -> Iterator[str]:
    left = _LEFT
    for colour, name in kinds:
        yield _bar(left, at, 12, colour)
        yield _text(left + 18, at + 10, name)
        left += 100


def _bar(left: float, top: float, length: float, colour: str) -> str:
    return f'<rect x="{left:.1f}" y="{top}" width="{length:.1f}" height="{_BAR - 2}" fill="{colour}"/>'


def _percent(left: float, top: float, share: float) -> str:
    return _text(left, top + 10, f"{share:.1%}", size=11)


def _text(left: float, base: float, text: str, *, size: int = 12, anchor: str = "start") -> str:
    return f'<text x="{left:.1f}" y="{base:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'
