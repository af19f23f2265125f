"""Keeps state over restarts: gives it back at the start, saves it when it changes, now and then, and at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch.balance.dispatcher import Dispatcher
from dispatch.store import document
from dispatch.store.broken import BrokenState
from dispatch.store.interfaces import IStateStore
from dispatch.store.restore import restore

log: Final = Logger()

_SOON: Final = 1.0  # seconds; many changes come together


class Keeper(Service):
    """Saves one state after the other, never two at a time.

    Args:
        dispatcher: whose state.
        store: where it is kept.
        interval: seconds between two savings, at most; 0 for any.
        reactor: Twisted's.
        now: the time of day.
        run: does what takes long a little at a time.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        store: IStateStore,
        interval: float,
        reactor: Any,
        now: Callable[[], float],
        run: Callable[[Iterator[None]], None],
    ) -> None:
        self._dispatcher = dispatcher
        self._store = store
        self._interval = interval
        self._reactor = reactor
        self._now = now
        self._run = run
        self._call: IDelayedCall | None = None
        self._is_saving = False
        self._wanted = False
        self._has_failed = False
        self._writing = DeferredLock()

    def restore(self, expand: Callable[[document.Document], None] = lambda kept: None) -> None:
        """Go on where the service ended before; a state that can't be used is set aside.

        Args:
            expand: told what was kept, before anything is given back.
        """
        try:
            lines = self._store.read()
            if lines is None:
                return
            kept = document.read(lines)
            expand(kept)
            known = restore(self._dispatcher, kept, self._now())
        except BrokenState as error:
            log.error("{problem}", problem=f"{self._store.name}: {error}; {self._set_aside()}, and states begin anew")
        else:
            log.info("the state of {known} destinations is as {name} has it", known=known, name=self._store.name)

    def _set_aside(self) -> str:
        try:
            return f"it is kept as {self._store.set_aside()}"
        except OSError as error:
            return f"it can't be renamed ({error.strerror})"

    def startService(self) -> None:
        """Begin to wait."""
        super().startService()
        self._wait(self._interval)

    def changed(self, *, by_person: bool) -> None:
        """A state has changed.

        Args:
            by_person: a person decided it, so that it is saved at once.
        """
        if not self.running:
            return
        if by_person:
            self._save()
        elif self._call is None or self._call.getTime() > self._reactor.seconds() + _SOON:
            self._wait(_SOON)

    def _wait(self, seconds: float) -> None:
        self._cancel()
        if seconds:
            self._call = self._reactor.callLater(seconds, self._due)

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _due(self) -> None:
        self._call = None
        self._save()

    def _save(self) -> None:
        self._wanted = True
        if not self._is_saving:
            self._is_saving, self._wanted = True, False
            self._cancel()
            self._run(self._collect())

    def _collect(self) -> Iterator[None]:
        lines: list[bytes] = []
        for line in document.write(self._dispatcher, self._now()):
            lines.append(line)
            yield
        if self.running:
            self._write(lines).addCallback(lambda _: self._done())

    def _write(self, lines: list[bytes]) -> Deferred[None]:
        """One after the other; fires when it is done, well or not."""
        writing: Deferred[None] = self._writing.run(self._store.save, self._reactor, lines)
        return writing.addCallbacks(lambda _: self._succeeded(), self._failed)

    def _succeeded(self) -> None:
        if self._has_failed:
            log.info("{name} is written again", name=self._store.name)
        self._has_failed = False

    def _failed(self, failure: Failure) -> None:
        if failure.check(OSError) is None:
            log.failure("{name} could not be written", failure, name=self._store.name)
        elif not self._has_failed:  # one line for all that follow
            log.error(
                "{name}: it can't be written: {problem}", name=self._store.name, problem=failure.getErrorMessage()
            )
        self._has_failed = True

    def _done(self) -> None:
        self._is_saving = False
        if not self.running:
            return
        if self._wanted:
            self._save()
        elif self._call is None:
            self._wait(self._interval)

    def stopService(self) -> Deferred[None]:
        """Save for the last time; fires when that is done."""
        super().stopService()
        self._cancel()
        return self._write(list(document.write(self._dispatcher, self._now())))
