"""Opening the doors of control before the reactor runs, so that what is wrong with one ends the start."""

from __future__ import annotations

import errno
from typing import Any, Final

from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from dispatch.errors import ConfigErrors
from dispatch.service.config import Config
from dispatch.service.control_address import ControlAddress, remove_stale

_REMEDIES: Final = {
    errno.EADDRINUSE: "stop the program that has it, remove what is no socket, or name another one",
    errno.ENOENT: "make its folder, or name another one",
    errno.EACCES: "give the user of the service the right to write into its folder",
}


def open_all(config: Config, factory: Factory, reactor: Any) -> list[IListeningPort]:
    """Listen at each of them; what is open already is closed when one can't be.

    Args:
        config: names them.
        factory: makes a protocol for each client.
        reactor: Twisted's.

    Raises:
        ConfigErrors: one can't be listened at.
    """
    ports: list[IListeningPort] = []
    for index, address in enumerate(config.control.amp):
        try:
            ports.append(_open(address, factory, reactor))
        except (CannotListenError, OSError) as error:
            for port in ports:
                port.stopListening()
            remedy = f"[control] amp: {address}: {_reason(error)}"
            raise ConfigErrors([config.problem(remedy, "control", "amp", index)]) from None
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
    if not isinstance(cause, OSError):
        return str(cause)
    remedy = _REMEDIES.get(cause.errno or 0, "name another one")
    return f"{(cause.strerror or str(cause)).lower()}; {remedy}"
