"""Services that run what is no service itself: a socket, the engine, a loop, a door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import LoopingCall

from dispatch.engine import Engine
from dispatch.transport.interfaces import ISipTransport


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
