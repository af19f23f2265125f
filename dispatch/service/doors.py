"""Opening the doors of control before the reactor runs, so that what is wrong with one ends the start."""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import DatagramProtocol
from twisted.python.failure import Failure

from dispatch.control.amp import ControlProtocol
from dispatch.control.binrpc_door import BinrpcDatagrams, BinrpcProtocol, Methods
from dispatch.control.clients import Clients
from dispatch.control.command import Control
from dispatch.errors import ConfigErrors
from dispatch.service.config import Config
from dispatch.service.control_address import ControlAddress, remove_stale

_LARGEST: Final = 65535  # bytes of a datagram
_REMEDIES: Final = {
    errno.EADDRINUSE: "stop the program that has it, remove what is no socket, or name another one",
    errno.ENOENT: "make its folder, or name another one",
    errno.EACCES: "give the user of the service the right to write into its folder",
}


class _Door(NamedTuple):
    """A key of ``[control]``: where it listens, and with what."""

    name: str
    addresses: tuple[ControlAddress, ...]
    clients: Clients
    datagrams: Callable[[], DatagramProtocol] | None = None


def _doors(config: Config, control: Control, reactor: Any) -> tuple[_Door, ...]:
    methods = Methods(reactor, control)
    return (
        _Door("amp", config.control.amp, Clients(partial(ControlProtocol, reactor, control))),
        _Door(
            "binrpc",
            config.control.binrpc,
            Clients(partial(BinrpcProtocol, reactor, methods)),
            partial(BinrpcDatagrams, methods),
        ),
    )


def open_all(config: Config, control: Control, reactor: Any) -> list[IListeningPort]:
    """Listen at each of them; what is open already is closed when one can't be.

    Args:
        config: names them.
        control: what commands work on.
        reactor: Twisted's.

    Raises:
        ConfigErrors: one can't be listened at.
    """
    ports: list[IListeningPort] = []
    for door in _doors(config, control, reactor):
        for index, address in enumerate(door.addresses):
            try:
                ports.append(_open(address, door, reactor))
            except (CannotListenError, OSError) as error:
                for port in ports:
                    port.stopListening()
                remedy = f"[control] {door.name}: {address}: {_reason(error)}"
                raise ConfigErrors([config.problem(remedy, "control", door.name, index)]) from None
    return ports


def _open(address: ControlAddress, door: _Door, reactor: Any) -> IListeningPort:
    if address.path is not None:
        remove_stale(address.path, is_datagrams=address.is_datagrams)
    if address.is_datagrams:
        assert door.datagrams is not None  # its reader takes no such address for others
        return _listen(address, door.datagrams(), reactor)
    # Neither a unix nor a TCP endpoint makes anybody wait: its Deferred has fired.
    found: list[Any] = []
    serverFromString(reactor, address.server()).listen(door.clients).addBoth(found.append)
    (port,) = found
    if isinstance(port, Failure):
        port.raiseException()
    listening: IListeningPort = port
    return listening


def _listen(address: ControlAddress, protocol: DatagramProtocol, reactor: Any) -> IListeningPort:
    port: IListeningPort
    if address.path is not None:
        port = reactor.listenUNIXDatagram(str(address.path), protocol, _LARGEST, int(address.mode, 8))
    else:
        port = reactor.listenUDP(address.port, protocol, address.host, _LARGEST)
    return port


def _reason(error: CannotListenError | OSError) -> str:
    cause = error.socketError if isinstance(error, CannotListenError) else error
    if not isinstance(cause, OSError):
        return str(cause)
    remedy = _REMEDIES.get(cause.errno or 0, "name another one")
    return f"{(cause.strerror or str(cause)).lower()}; {remedy}"
