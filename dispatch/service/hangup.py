"""SIGHUP: read again what may have changed."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorFromThreads


class HangUp(Service):
    """Calls `reload` in the reactor's time whenever the process gets SIGHUP.

    Args:
        reactor: takes the call over from the signal handler.
        reload: what to do.
    """

    def __init__(self, reactor: IReactorFromThreads, reload: Callable[[], object]) -> None:
        self._reactor = reactor
        self._reload = reload
        self._before: Any = signal.SIG_DFL

    def startService(self) -> None:
        """Take the signal."""
        super().startService()
        self._before = signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._reload))

    def stopService(self) -> None:
        """Give it back."""
        signal.signal(signal.SIGHUP, self._before)
        super().stopService()
