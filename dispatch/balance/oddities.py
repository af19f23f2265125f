"""What is odd about destinations that can be used all the same: the original takes them without a word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from typing import Final

from dispatch.balance import attributes, tls_peer
from dispatch.balance.destination import Destination, LocalSocket

_NUMBERS: Final = (b"cc", b"latency", b"maxload", b"rweight", b"weight")
_KNOWN: Final = frozenset(
    (*_NUMBERS, b"duid", b"obproxy", b"ping_from", b"ping_socket", b"socket", tls_peer.NAME, tls_peer.VERIFY)
)
_NAMES: Final = tuple(name.decode() for name in _KNOWN)
_WHOLE: Final = re.compile(rb"[+-]?[0-9]+")
_HIGHEST: Final = 100  # of rweight
_CLOSE: Final = 0.7  # a slip of one or two letters
_WEBSOCKET: Final = (b"WS", b"WSS")


class Oddities:
    """Looks at the destinations of one load, one after the other.

    Args:
        sockets: what we listen on; without any it is not told what they can't reach.
    """

    def __init__(self, sockets: Collection[LocalSocket]) -> None:
        self._transports = {socket.proto.upper().encode() for socket in sockets}
        self._uris: dict[tuple[int, bytes], int] = {}
        self._duids: dict[tuple[int, bytes], int] = {}
        self._told: set[bytes] = set()  # names that were looked at: all lines may have them

    def of(self, one: Destination, unit: str) -> Iterator[str]:
        """Each oddity, with a remedy.

        Args:
            one: the next destination.
            unit: what its `line` is.
        """
        uri, duid = (one.group, one.uri.lower()), (one.group, one.duid)
        if uri in self._uris:
            where = f"set {one.group} already, in {unit} {self._uris[uri]}"
            yield f"{one.uri[:60]!r} is in {where}; it gets calls as two destinations do: remove one"
        self._uris.setdefault(uri, one.line)
        if one.duid:
            if duid in self._duids:
                where = f"{unit} {self._duids[duid]}"
                yield f"duid {one.duid[:40]!r} is that of {where} too; one may be taken for the other: change it"
            self._duids.setdefault(duid, one.line)
        if self._transports and one.transport in _WEBSOCKET and one.transport not in self._told:
            self._told.add(one.transport)
            yield f"{one.uri[:60]!r} can't be called: browsers call us; name it by another transport, or remove it"
        elif self._transports and one.transport not in self._transports:
            self._transports.add(one.transport)  # told once
            name = one.transport[:20].decode("latin-1")
            yield f"nothing can be sent by {name!r}, as no socket of ours speaks it; add one to [sip] listen"
        if one.attributes:
            yield from self._attributes(one)

    def _attributes(self, one: Destination) -> Iterator[str]:
        yield from tls_peer.oddities(one)
        for name in [name for name in one.attributes if name not in _KNOWN and name not in self._told]:
            self._told.add(name)
            meant = difflib.get_close_matches(name[:40].decode("latin-1"), _NAMES, 1, _CLOSE)
            if meant:
                yield f"attribute {name[:40]!r} means nothing here; did you mean {meant[0]!r}?"
        for name in _NUMBERS:
            value = one.attributes.get(name)
            if value is not None and not _WHOLE.fullmatch(value):
                number = attributes.integer(value)
                yield f"attribute {name.decode()!r} is {value[:40]!r}, taken for {number}; write a whole number"
            elif value is not None and name == b"rweight" and not 0 <= attributes.integer(value) <= _HIGHEST:
                yield f"attribute 'rweight' is {value[:40]!r}, taken for 0; write 1 to {_HIGHEST}"
