"""The moving part of a set."""

from __future__ import annotations

from random import Random


class Turn:
    """Whose turn it is: all that picking changes, small enough to be cloned for a look ahead.

    Attributes:
        cursor: index of the member whose turn it is in round robin.
        size: number of members.
        choices: how many of them are picked directly: all, or all but the default one.
        random: where chance comes from.
        by_cursor: whether the last number of an algorithm that does not always ask it came from the cursor.
    """

    __slots__ = ("by_cursor", "choices", "cursor", "random", "size")

    def __init__(self, size: int, choices: int, random: Random, cursor: int = 0) -> None:
        self.size = size
        self.choices = choices
        self.random = random
        self.cursor = cursor
        self.by_cursor = False

    def clone(self) -> Turn:
        """One that goes on in the same way and moves nothing here."""
        random = Random()
        random.setstate(self.random.getstate())
        return Turn(self.size, self.choices, random, self.cursor)
