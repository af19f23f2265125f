"""The order in which SRV targets are tried (RFC 2782): by priority, and by chance in proportion to the weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from zlib import crc32

from dispatch.transport.names.target import Place

Draw = Callable[[int], int]
"""A number from 0 to the one given, both included."""


def ordered(places: Sequence[Place], draw: Draw) -> list[Place]:
    """All of them, in an order that differs from one draw to the next.

    Args:
        places: by priority, the lowest first.
        draw: where chance comes from.
    """
    chosen: list[Place] = []
    for _, equals in groupby(places, lambda place: place.priority):
        left = sorted(equals, key=lambda place: place.weight > 0)  # those of weight 0 have their small chance
        while len(left) > 1:
            number = draw(sum(place.weight for place in left))
            at = 0
            while number > left[at].weight:
                number -= left[at].weight
                at += 1
            chosen.append(left.pop(at))
        chosen += left
    return chosen


def by_hash(key: bytes) -> Draw:
    """Chance that is the same for the same key: all that belongs together goes the same way (RFC 3263 §4.4)."""
    state = crc32(key)

    def draw(most: int) -> int:
        nonlocal state
        state = crc32(b"%d" % most, state)
        return state % (most + 1)

    return draw
