"""Who is told what happens to destinations: what ``[events]`` names."""

from __future__ import annotations

from typing import Any

from zope.interface.verify import verifyObject

from dispatch.errors import ConfigErrors
from dispatch.events.event import DOWN, UP
from dispatch.events.function import FunctionSink, Worker, find
from dispatch.events.interfaces import IEventSink
from dispatch.events.journal import Journal
from dispatch.events.webhook import Webhook
from dispatch.service.config import Config


def sinks(config: Config, reactor: Any) -> list[IEventSink]:
    """All of them, in no order that matters.

    Raises:
        ConfigErrors: what is to make one does not.
    """
    events, folder = config.events, config.path.absolute().parent
    made: list[IEventSink] = []
    for path, wanted in ((events.dst_down, DOWN), (events.dst_up, UP)):
        if path:
            made.append(FunctionSink(reactor, path, find(path, folder), wanted, Worker(reactor).call))
    if events.log is not None:
        made.append(Journal(events.log))
    if events.webhook:
        made.append(Webhook(reactor, events.webhook))
    for index, path in enumerate(events.sinks):
        try:
            sink = find(path, folder)(reactor)
            verifyObject(IEventSink, sink)
        except Exception as error:  # whatever a function of somebody else's does
            problem = f"{path!r} made no IEventSink: {type(error).__name__}: {' '.join(str(error).split())}"
            raise ConfigErrors([config.problem(f"[events] sinks: {problem}", "events", "sinks", index)]) from None
        made.append(sink)
    return made
