"""Who is told what happens to destinations: what ``[events]`` names."""

from __future__ import annotations

from typing import Any

from dispatch.events.event import DOWN, UP
from dispatch.events.function import FunctionSink, Worker, find
from dispatch.events.interfaces import IEventSink
from dispatch.events.journal import Journal
from dispatch.events.webhook import Webhook
from dispatch.service.config import Config


def sinks(config: Config, reactor: Any) -> list[IEventSink]:
    """All of them, in no order that matters."""
    events = config.events
    made: list[IEventSink] = []
    for path, wanted in ((events.dst_down, DOWN), (events.dst_up, UP)):
        if path:
            function = find(path, config.path.absolute().parent)
            made.append(FunctionSink(reactor, path, function, wanted, Worker(reactor).call))
    if events.log is not None:
        made.append(Journal(events.log))
    if events.webhook:
        made.append(Webhook(reactor, events.webhook))
    return made
