"""Tests of dispatch.service.hangup."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import cast

from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.hangup import HangUp


class FakeReactor:
    """Keeps what it is handed, for the reactor's own time."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []

    def callFromThread(self, function: Callable[[], object]) -> None:
        self.calls.append(function)


class HangUpTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.before: list[int] = []
        self.addCleanup(signal.signal, signal.SIGHUP, signal.getsignal(signal.SIGHUP))
        signal.signal(signal.SIGHUP, lambda *_: self.before.append(1))
        self.reactor = FakeReactor()
        self.reloads = 0
        self.service = HangUp(cast(IReactorFromThreads, self.reactor), self.reload)

    def reload(self) -> None:
        self.reloads += 1

    def test_in_the_reactor(self) -> None:
        """Each SIGHUP asks for one reload, which is done by the reactor and not in the signal handler."""
        self.service.startService()
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGHUP)
        self.assertEqual((self.reloads, len(self.reactor.calls)), (0, 2))
        for call in self.reactor.calls:
            call()
        self.assertEqual((self.reloads, self.before), (2, []))

    def test_stopped(self) -> None:
        """A service that stopped gives the signal back to whoever had it."""
        self.service.startService()
        self.service.stopService()
        os.kill(os.getpid(), signal.SIGHUP)
        self.assertEqual((self.reactor.calls, self.before), ([], [1]))
