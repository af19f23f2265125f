"""Stops a script that runs on and on: nothing else gets its turn meanwhile.

One timer that counts the CPU time of the process looks a few times a second whether a script runs, and whether it is
the same event that it ran for at the last look. A request costs nothing by that.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection
from types import FrameType
from typing import Any, Final

from twisted.application.service import Service

from dispatch.script.loading import Runaway

LOOKS: Final = 4  # of the same event, before it is stopped


class Guard(Service):
    """Looks after a script.

    Args:
        files: names of the files of the script.
        event: something that is another for each message and each tick of the engine.
        interval: seconds of CPU time from one look to the next.
    """

    def __init__(
        self, files: Callable[[], Collection[str]], event: Callable[[], object], interval: float = 0.25
    ) -> None:
        self._files = files
        self._event = event
        self._interval = interval
        self._seen: object = None
        self._looks = 0
        self._before: Any = None

    def startService(self) -> None:
        """Begin to look."""
        super().startService()
        self._before = signal.signal(signal.SIGVTALRM, self._look)
        signal.setitimer(signal.ITIMER_VIRTUAL, self._interval, self._interval)

    def stopService(self) -> None:
        """Look no more."""
        super().stopService()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, self._before)

    def _look(self, number: int, frame: FrameType | None) -> None:
        files, event = self._files(), self._event()
        while frame is not None and frame.f_code.co_filename not in files:
            frame = frame.f_back
        if frame is None or event != self._seen:
            self._seen, self._looks = event, 0
            return
        self._looks += 1
        if self._looks >= LOOKS:
            self._looks = 0
            seconds = LOOKS * self._interval
            raise Runaway(
                f"it ran for {seconds:g} s of CPU time, and nobody else had a turn; is there an endless loop?"
            )
