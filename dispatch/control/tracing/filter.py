"""Which calls a trace follows."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.control.text import to_bytes
from dispatch.control.tracing.sighting import Sighting
from dispatch.sip.host import canonical, comparable
from dispatch.sip.uri import parse


@dataclass(frozen=True, slots=True)
class Filter:
    """What the request that begins a call must be like; what is empty is not asked for.

    Attributes:
        source: address that it comes from.
        call_id: its Call-ID, whole.
        from_user: user part of its From.
        to_user: user part of its To.
        destination: URI of a destination, or the host of one, that the call is sent to.
        method: of it.
    """

    source: str = ""
    call_id: str = ""
    from_user: str = ""
    to_user: str = ""
    destination: str = ""
    method: str = ""

    def wants(self, seen: Sighting) -> bool:
        """Whether it follows the call that this message begins, as far as can be told before it is sent on."""
        return (
            seen.begins
            and (not self.method or seen.method == to_bytes(self.method))
            and (not self.call_id or seen.call_id == to_bytes(self.call_id))
            and (not self.source or (seen.is_in and _same_host(seen.flow.remote[0], self.source)))
            and (not self.from_user or seen.user(b"from") == self.from_user)
            and (not self.to_user or seen.user(b"to") == self.to_user)
        )

    def is_for(self, destination: bytes) -> bool:
        """Whether the destination is the one that is asked for."""
        wanted = to_bytes(self.destination)
        if destination.lower() == wanted.lower():
            return True
        uri = parse(destination)
        return uri is not None and comparable(uri.host) == comparable(wanted)


def _same_host(one: str, other: str) -> bool:
    return one == (canonical(other) or other)
