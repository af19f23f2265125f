"""A function of the operator's that is called with each event of a kind, in a thread of its own."""

from __future__ import annotations

import importlib
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from dispatch.events.event import Event
from dispatch.events.interfaces import IEventSink
from dispatch.events.outbox import Outbox

log: Final = Logger()

Function = Callable[[Event], object]
_PATIENCE: Final = 10.0  # seconds


def checked(path: str, folder: Path) -> str:
    """``module:function`` as an operator wrote it; see `find`."""
    find(path, folder)
    return path


def find(path: str, folder: Path) -> Callable[..., Any]:
    """The function that ``module:function`` names.

    Args:
        path: as written.
        folder: where modules are looked for after all the places where Python does.

    Raises:
        ValueError: there is none, and why.
    """
    module, colon, name = path.partition(":")
    if not colon or not module or not name:
        raise ValueError(f"{path!r} is no function; it is written as 'module:function'")
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    try:
        found = importlib.import_module(module)
    except Exception as error:  # whatever a module of somebody else's does when it is imported
        raise ValueError(f"module {module!r} can't be imported: {type(error).__name__}: {error}") from None
    function = getattr(found, name, None)
    if not callable(function):
        raise ValueError(f"module {module!r} has no function {name!r}")
    return cast("Callable[..., Any]", function)


class Worker:
    """A thread that does one thing after the other, and keeps nobody from leaving the program.

    Args:
        reactor: hears of the results.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._jobs: queue.SimpleQueue[tuple[Function, Event, Deferred[None]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def call(self, function: Function, event: Event) -> Deferred[None]:
        """Have a function called there."""
        done: Deferred[None] = Deferred()  # one that nobody waits for any more is answered all the same
        self._jobs.put((function, event, done))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="events", daemon=True)
            self._thread.start()
        return done

    def _run(self) -> None:
        while True:
            function, event, done = self._jobs.get()
            try:
                function(event)
            except BaseException:  # SystemExit too: the thread has others to serve
                self._reactor.callFromThread(done.errback, Failure())
            else:
                self._reactor.callFromThread(done.callback, None)


@implementer(IEventSink)
class FunctionSink:
    """Calls a function for one kind of event; the next event waits until it returns, calls never do.

    Args:
        clock: the reactor.
        path: ``module:function``, as configured.
        function: what it names.
        wanted: name of the events.
        call: has it called without anybody waiting.
    """

    def __init__(
        self,
        clock: IReactorTime,
        path: str,
        function: Function,
        wanted: str,
        call: Callable[[Function, Event], Deferred[None]],
    ) -> None:
        self.name = path
        self._clock = clock
        self._function = function
        self._wanted = wanted
        self._call = call
        self._outbox = Outbox(clock, path, self._deliver, attempts=1)

    def tell(self, event: Event) -> None:
        """See `IEventSink`."""
        if event.name == self._wanted:
            self._outbox.put(event)

    def _deliver(self, event: Event) -> Deferred[None]:
        watch = self._clock.callLater(_PATIENCE, self._complain, event)
        called = self._call(self._function, event)

        def returned(result: object) -> object:
            if watch.active():
                watch.cancel()
            return result

        called.addBoth(returned)
        return called

    def _complain(self, event: Event) -> None:
        log.warn(
            "{name} has been at {event} for {seconds:g} s; {count} events wait for it",
            name=self.name,
            event=str(event),
            seconds=_PATIENCE,
            count=self._outbox.size - 1,
        )

    def stop(self) -> None:
        """See `IEventSink`."""
        self._outbox.stop()
