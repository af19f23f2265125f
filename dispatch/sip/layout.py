"""Which headers that matter to a proxy a message has, and in which order: the same few layouts make up all traffic.

A layout is told by the names alone, so what follows from them is worked out once and remembered.
"""

from __future__ import annotations

from typing import Final

from dispatch.sip import grammar

_ONCE: Final = (b"From", b"To", b"Call-ID", b"CSeq", b"Max-Forwards", b"Content-Length")
_OFTEN: Final = (b"Via", b"Route", b"Record-Route", b"Require", b"Proxy-Require")
_CANONICAL: Final = frozenset(_ONCE + _OFTEN)
_MOST: Final = 1000  # layouts remembered; real peers make a few dozen


class Layout:
    """What the names of the header lines say.

    Attributes:
        is_usual: no folding, no odd spelling, nothing twice that may be there once: the patterns of `grammar` apply.
        routes: there is a Route.
        options: there is a Require or a Proxy-Require.
        has_from: there is one From, and the layout is usual.
        names: what there is, in lower case.
    """

    __slots__ = ("has_from", "is_usual", "names", "options", "routes")

    def __init__(self, names: tuple[bytes, ...]) -> None:
        self.is_usual = _CANONICAL.issuperset(names) and all(names.count(name) < 2 for name in _ONCE)
        self.routes = b"Route" in names
        self.options = b"Require" in names or b"Proxy-Require" in names
        self.has_from = self.is_usual and b"From" in names
        self.names = frozenset(name.lower() for name in names)


ODD: Final = Layout((b" ",))
_known: Final[dict[tuple[bytes, ...], Layout]] = {}
_names: Final = grammar.NAMES.findall


def layout_of(raw: bytes, head: int) -> Layout:
    """The layout of a message whose headers end before `head`."""
    names = tuple(_names(raw, 0, head))
    layout = _known.get(names)
    if layout is None:
        if len(_known) >= _MOST:
            _known.clear()
        layout = _known[names] = Layout(names)
    return layout
