"""Opening the doors of control before the reactor runs, so that what is wrong with one ends the start."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from dispatch.errors import ConfigError, ConfigErrors
from dispatch.service.control_address import ControlAddress, remove_stale


def open_all(addresses: Iterable[ControlAddress], factory: Factory, path: Path, reactor: Any) -> list[IListeningPort]:
    """Listen at each of them; what is open already is closed when one can't be.

    Args:
        addresses: from the configuration.
        factory: makes a protocol for each client.
        path: of the configuration.
        reactor: Twisted's.

    Raises:
        ConfigErrors: one can't be listened at.
    """
    ports: list[IListeningPort] = []
    for address in addresses:
        try:
            ports.append(_open(address, factory, reactor))
        except (CannotListenError, OSError) as error:
            for port in ports:
                port.stopListening()
            raise ConfigErrors([ConfigError(path, 0, f"[control] amp: {address}: {_reason(error)}")]) from None
    return ports


def _open(address: ControlAddress, factory: Factory, reactor: Any) -> IListeningPort:
    if address.path is not None:
        remove_stale(address.path)
    # Neither a unix nor a TCP endpoint makes anybody wait: its Deferred has fired.
    found: list[Any] = []
    serverFromString(reactor, address.server()).listen(factory).addBoth(found.append)
    (port,) = found
    if isinstance(port, Failure):
        port.raiseException()
    listening: IListeningPort = port
    return listening


def _reason(error: CannotListenError | OSError) -> str:
    cause = error.socketError if isinstance(error, CannotListenError) else error
    return (cause.strerror or str(cause)).lower() if isinstance(cause, OSError) else str(cause)
