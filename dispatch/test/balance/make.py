"""Sets, lists and requests for the tests of the room."""

from __future__ import annotations

from random import Random

from dispatch.balance import listfile
from dispatch.balance.destination import LocalSocket
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.lineup import Lineup
from dispatch.balance.roster import Roster
from dispatch.balance.turn import Turn

SOCKETS = (
    LocalSocket("udp", "127.0.0.1", 5060),
    LocalSocket("tcp", "127.0.0.1", 5060),
    LocalSocket("udp", "::1", 5062),
)


class FakeRequest:
    """A request of which only this is known."""

    def __init__(
        self,
        call_id: bytes = b"abc",
        uri: bytes = b"sip:alice@example.com",
        method: bytes = b"INVITE",
        **headers: bytes,
    ) -> None:
        self.method = method
        self.call_id = call_id
        self.uri = uri
        self._headers = {name.replace("_", "-").encode(): value for name, value in headers.items()}

    def header(self, name: bytes) -> bytes | None:
        return self._headers.get(name)


def roster(text: bytes, *, strict: bool = False) -> Roster:
    """What a list file with this text gives."""
    return listfile.parse(text, "dispatcher.list", SOCKETS, strict=strict)


def lines(*flags: int, group: int = 1) -> bytes:
    """A list whose members come out as ``sip:gw0``, ``sip:gw1`` ... in this order, with these flags."""
    rows = [b"%d sip:gw%d %d\n" % (group, index, bits) for index, bits in enumerate(flags)]
    return b"".join(reversed(rows))


def turn(*flags: int, use_default: bool = False, seed: int = 1, cursor: int = 0) -> Turn:
    """The turn of a set whose members have these flags."""
    made = Turn(Lineup(roster(lines(*flags)).sets[1], use_default=use_default), Random(seed))
    made.cursor = cursor
    return made


def dispatcher(text: bytes, *, flags: int = 2, use_default: int = 0, force_dst: int = 1) -> Dispatcher:
    """One with that list in force and chance that repeats itself."""
    made = Dispatcher(Random(5060), flags=flags, use_default=use_default, force_dst=force_dst)
    made.replace(roster(text))
    return made
