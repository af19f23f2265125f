"""Services that run what is no service itself: a socket, the engine, a loop, a door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from dispatch.control.tracing import homer
from dispatch.control.tracing.trace import Trace
from dispatch.control.tracing.tracer import Tracer
from dispatch.engine import Engine
from dispatch.service.trace_config import TraceConfig
from dispatch.transport.interfaces import ISipTransport

log: Final = Logger()


class TransportService(Service):
    """Runs one socket."""

    def __init__(self, transport: ISipTransport, reactor: Any) -> None:
        self._transport = transport
        self._reactor = reactor

    def startService(self) -> None:
        """Begin to receive."""
        super().startService()
        self._transport.start(self._reactor)

    def stopService(self) -> Deferred[None]:
        """Leave nothing in the reactor."""
        super().stopService()
        return self._transport.stop()


class EngineService(Service):
    """Runs the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def startService(self) -> None:
        """Begin to look at the timers."""
        super().startService()
        self._engine.start()

    def stopService(self) -> None:
        """Leave nothing in the reactor."""
        super().stopService()
        self._engine.stop()


class LoadService(Service):
    """Looks after calls that are counted and never end.

    Args:
        expire: what to do.
        interval: seconds from one time to the next (`ds_hash_check_interval`).
        reactor: Twisted's.
    """

    def __init__(self, expire: Callable[[], None], interval: float, reactor: Any) -> None:
        self._interval = interval
        self._loop = LoopingCall(expire)
        self._loop.clock = reactor

    def startService(self) -> None:
        """Begin to wait."""
        super().startService()
        self._loop.start(self._interval, now=False)

    def stopService(self) -> None:
        """Leave nothing in the reactor."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()


class DoorService(Service):
    """Runs a door of control, which is open already."""

    def __init__(self, port: IListeningPort) -> None:
        self._port = port

    def stopService(self) -> Deferred[None] | None:
        """Close it."""
        super().stopService()
        return self._port.stopListening()


class HomerService(Service):
    """Exports the messages of calls to a collector, as `dispatchctl trace` shows them."""

    def __init__(self, config: TraceConfig, tracer: Tracer) -> None:
        assert config.hep is not None
        self._name = homer.shown(config.hep)
        self._homer = homer.Homer(config.hep, config.node)
        self._tracer = tracer
        self._trace = Trace(config.filter, self._homer.take, share=config.share)

    def startService(self) -> None:
        """Begin; the first of all traces, so that there is room."""
        super().startService()
        self._tracer.add(self._trace)

    def stopService(self) -> None:
        """End, and say what was lost."""
        super().stopService()
        self._tracer.remove(self._trace)
        self._homer.close()
        if self._homer.dropped:
            log.warn("{name}: {count} messages were not exported", name=self._name, count=self._homer.dropped)
