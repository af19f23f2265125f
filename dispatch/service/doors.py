"""Opening the doors of control before the reactor runs, so that what is wrong with one ends the start."""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.python.failure import Failure

from dispatch.control import binrpc_door, jsonrpc_door, mi_door
from dispatch.control.access import Credential, Entry
from dispatch.control.amp import ControlProtocol
from dispatch.control.binrpc_door import BinrpcProtocol, Packets
from dispatch.control.clients import Bounded, Clients
from dispatch.control.command import Control, Door, OpenDoor, Right
from dispatch.control.credentials import CredentialedPort
from dispatch.control.datagrams import Datagrams
from dispatch.control.fifo import Fifo, Replies
from dispatch.control.jsonrpc import Documents
from dispatch.control.jsonrpc_door import JsonRequests, JsonSite
from dispatch.control.methods import Methods
from dispatch.control.mi_door import Commands, MiRequests
from dispatch.errors import ConfigErrors
from dispatch.service import control_endpoint
from dispatch.service.config import Config
from dispatch.service.control_address import ControlAddress, remove_stale
from dispatch.service.control_config import ControlConfig

_PRIVATE: Final = 0o600
_LARGEST: Final = 65535  # bytes of a datagram
_REMEDIES: Final = {
    errno.EADDRINUSE: "stop the program that has it, remove what is no socket, or name another one",
    errno.ENOENT: "make its folder, or name another one",
    errno.EACCES: "give the user of the service the right to write into its folder",
}


class _Door(NamedTuple):
    """What stands behind the sockets of a key: makes a factory for streams, and what answers datagrams."""

    clients: Callable[[Entry], Any] | None
    answer: Callable[[Right, bytes, str], Deferred[bytes]] | None = None


def open_all(config: Config, control: Control, reactor: Any) -> list[Any]:
    """Listen at each of them; what is open already is closed when one can't be.

    Args:
        config: names them.
        control: what commands work on.
        reactor: Twisted's.

    Returns:
        Each with `stopListening`.

    Raises:
        ConfigErrors: one can't be listened at.
    """
    known = tuple(config.control.access)
    packets, documents = Packets(reactor, Methods(control)), Documents(reactor, Methods(control))
    commands, replies = Commands(reactor, Methods(control, Door.MI)), Replies(config.control.fifo_reply_dir, reactor)
    doors = {
        "amp": _Door(lambda entry: Clients(partial(ControlProtocol, reactor, control, entry))),
        "binrpc": _Door(
            lambda entry: Clients(partial(BinrpcProtocol, reactor, packets, entry)),
            partial(binrpc_door.datagram, packets),
        ),
        "jsonrpc": _Door(lambda entry: Bounded(JsonSite(documents, entry)), partial(jsonrpc_door.datagram, documents)),
        "mi_datagram": _Door(None, partial(mi_door.datagram, commands)),
    }
    opening: list[tuple[tuple[str | int, ...], object, Callable[[], Any]]] = [
        ((name, index), address, partial(_open, name, address, doors[name], known, control, reactor))
        for name, addresses in config.control.sockets.items()
        for index, address in enumerate(addresses)
    ]
    for name, path, requests in (
        ("mi_fifo", config.control.mi_fifo, MiRequests(commands, replies.send)),
        ("jsonrpc_fifo", config.control.jsonrpc_fifo, JsonRequests(documents, replies.send)),
    ):
        if path is not None:
            opening.append(((name,), path, partial(_open_fifo, name, path, requests.feed, control, reactor)))
    if config.control.manhole is not None:
        opening.append((("manhole",), "SSH", partial(_open_manhole, config.control, control, reactor)))
    return _open_in_turn(config, opening)


def _open_in_turn(config: Config, opening: list[tuple[tuple[str | int, ...], object, Callable[[], Any]]]) -> list[Any]:
    ports: list[Any] = []
    for way, where, open_one in opening:
        try:
            ports.append(open_one())
        except (CannotListenError, OSError) as error:
            for port in ports:
                port.stopListening()
            remedy = f"[control] {way[0]}: {where}: {_reason(error)}"
            raise ConfigErrors([config.problem(remedy, "control", *way)]) from None
    return ports


def _open_fifo(name: str, path: Path, feed: Callable[[bytes], object], control: Control, reactor: Any) -> Fifo:
    fifo = Fifo(path, _PRIVATE, feed, reactor)
    control.doors.append(OpenDoor(name, "fifo", str(path.absolute())))
    return fifo


def _open(
    name: str, address: ControlAddress, door: _Door, known: Collection[Credential], control: Control, reactor: Any
) -> IListeningPort:
    right = Right[address.right.upper()]
    if address.path is not None:
        remove_stale(address.path, is_datagrams=address.is_datagrams)
    place = str(address.path or address.host)
    if address.is_datagrams:
        assert door.answer is not None  # the configuration takes no such address for others
        port = _listen(address, Datagrams(partial(door.answer, right)), reactor)
        control.doors.append(OpenDoor(name, address.kind, place, address.port))
        return port
    assert door.clients is not None  # likewise
    factory = door.clients(Entry(known, right))
    # Neither a unix nor a TCP endpoint makes anybody wait: its Deferred has fired.
    found: list[Any] = []
    control_endpoint.server(address, reactor).listen(factory).addBoth(found.append)
    (port,) = found
    if isinstance(port, Failure):
        port.raiseException()
    control.doors.append(OpenDoor(name, address.kind, place, address.port, factory.addresses))
    listening: IListeningPort = port
    return listening


def _open_manhole(config: ControlConfig, control: Control, reactor: Any) -> IListeningPort:
    try:
        from dispatch.control import manhole  # an extra, for those who want it
    except ImportError as error:
        raise OSError(None, f"{error.name} is missing; install dispatch-sip[manhole]") from None
    named = config.manhole
    assert named is not None
    keys = manhole.Keys(named.host_key, named.authorized_keys, named.passwords)
    factory = manhole.make_factory(keys, config.access, control)
    return _open("manhole", named.endpoint, _Door(lambda entry: Bounded(factory)), (), control, reactor)


def _listen(address: ControlAddress, protocol: Datagrams, reactor: Any) -> IListeningPort:
    port: IListeningPort
    if address.path is None:
        port = reactor.listenUDP(address.port, protocol, address.host, _LARGEST)
        return port
    port = CredentialedPort(address.path, protocol, _LARGEST, int(address.mode, 8), reactor)
    port.startListening()
    return port


def _reason(error: CannotListenError | OSError) -> str:
    cause = error.socketError if isinstance(error, CannotListenError) else error
    if not isinstance(cause, OSError):
        return str(cause)
    remedy = _REMEDIES.get(cause.errno or 0, "name another one")
    return f"{(cause.strerror or str(cause)).lower()}; {remedy}"
