"""The garbage collector, kept away from what is there for good.

One of its rounds looks at all that was made since the last one, and holds every thread meanwhile: 50 ms for a list of
ten thousand lines. What lives as long as the list does is therefore taken out of its rounds.
"""

from __future__ import annotations

import gc
from typing import Final

_YOUNG: Final = 50_000  # allocations between two rounds; transactions die by reference count


def settle() -> None:
    """After the start: what is there now stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 50, 100)


class Pause:
    """No rounds while a list is read; several readings may overlap."""

    def __init__(self) -> None:
        self._readings = 0

    def begin(self) -> None:
        """A list is going to be read."""
        self._readings += 1
        gc.disable()

    def end(self, *, kept: bool) -> None:
        """It was read.

        Args:
            kept: and is in force, so that it is taken out of all rounds.
        """
        if kept:
            gc.freeze()
        self._readings -= 1
        if not self._readings:
            gc.enable()
