"""``[control]``: where people and programs come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from dispatch.control.access import Credential
from dispatch.control.command import Right
from dispatch.service import control_address
from dispatch.service.control_address import ControlAddress
from dispatch.service.reading import WRONG, Place, Reader, expected, file_name, many, one_of, optional, suggest, text


@dataclass(frozen=True, slots=True)
class ManholeConfig:
    """``[control] manhole``.

    Attributes:
        endpoint: where it listens.
        host_key: file of our key; made at the first start.
        authorized_keys: file of people's keys; None for none.
        passwords: file of ``name:password`` lines; None for none.
    """

    endpoint: ControlAddress
    host_key: Path
    authorized_keys: Path | None = None
    passwords: Path | None = None

    def beside(self, folder: Path) -> ManholeConfig:
        """With paths that are relative to a folder."""
        keys, passwords = self.authorized_keys, self.passwords
        return ManholeConfig(
            self.endpoint.beside(folder),
            folder / self.host_key,
            keys and folder / keys,
            passwords and folder / passwords,
        )


@dataclass(frozen=True, slots=True)
class ControlConfig:
    """``[control]``: where people and programs come in; nowhere unless named.

    Attributes:
        amp: endpoints of the AMP door.
        binrpc: sockets for the original's `kamcmd`.
        jsonrpc: sockets for JSON-RPC; over HTTP where they are streams.
        jsonrpc_fifo: FIFO for JSON-RPC; None for none.
        mi_datagram: sockets for MI.
        mi_fifo: FIFO for MI; None for none.
        fifo_reply_dir: folder of the FIFOs that answers are wanted at.
        access: who is known by a token, certificate or key.
        manhole: a Python prompt over SSH; None for none.
    """

    amp: tuple[ControlAddress, ...] = ()
    binrpc: tuple[ControlAddress, ...] = ()
    jsonrpc: tuple[ControlAddress, ...] = ()
    jsonrpc_fifo: Path | None = None
    mi_datagram: tuple[ControlAddress, ...] = ()
    mi_fifo: Path | None = None
    access: tuple[Credential, ...] = ()
    manhole: ManholeConfig | None = None
    fifo_reply_dir: Path = Path("/tmp")  # where the original's programs make theirs

    def beside(self, folder: Path) -> ControlConfig:
        """With paths that are relative to a folder."""
        return replace(
            self,
            amp=_all_beside(self.amp, folder),
            binrpc=_all_beside(self.binrpc, folder),
            jsonrpc=_all_beside(self.jsonrpc, folder),
            jsonrpc_fifo=self.jsonrpc_fifo and folder / self.jsonrpc_fifo,
            mi_datagram=_all_beside(self.mi_datagram, folder),
            mi_fifo=self.mi_fifo and folder / self.mi_fifo,
            fifo_reply_dir=folder / self.fifo_reply_dir,
            manhole=self.manhole and self.manhole.beside(folder),
        )

    @property
    def sockets(self) -> Mapping[str, tuple[ControlAddress, ...]]:
        """Those of each key."""
        return {"amp": self.amp, "binrpc": self.binrpc, "jsonrpc": self.jsonrpc, "mi_datagram": self.mi_datagram}


def _all_beside(addresses: tuple[ControlAddress, ...], folder: Path) -> tuple[ControlAddress, ...]:
    return tuple(one.beside(folder) for one in addresses)


def _stream(value: object, place: Place) -> object:
    return text(control_address.parse, "unix:/run/dispatch/amp.sock", value, place)


def _stream_or_datagrams(value: object, place: Place) -> object:
    return text(partial(control_address.parse, datagrams=True), "unix:/run/dispatch/ctl.sock", value, place)


def _datagrams(value: object, place: Place) -> object:
    address = text(partial(control_address.parse, datagrams=True), "unixd:/run/dispatch/mi.sock", value, place)
    if address is WRONG or address.is_datagrams:
        return address
    return place.wrong(f"{place}: {address} is a stream; write unixd:PATH, or udp:PORT:interface=127.0.0.1")


def _ssh(value: object, place: Place) -> object:
    example = "tcp:2222:interface=127.0.0.1"
    return text(partial(control_address.parse, has_credentials=True), example, value, place)


_MANHOLE: Final[Mapping[str, Reader]] = {
    "endpoint": _ssh,
    "host_key": file_name,
    "authorized_keys": file_name,
    "passwords": file_name,
}


def _manhole(value: object, place: Place) -> object:
    made = _keys(value, _MANHOLE, place)
    if made is WRONG:
        return WRONG
    missing = [name for name in ("endpoint", "host_key") if name not in made]
    if missing:
        return place.wrong(f"{place} has no {missing[0]}")
    return ManholeConfig(**made)


def _keys(value: object, readers: Mapping[str, Reader], place: Place) -> Any:
    """The values of a small table, or `WRONG`."""
    if not isinstance(value, dict):
        return expected("a table", value, place)
    made = {}
    for key, one in value.items():
        at = place.at(key)
        made[key] = readers[key](one, at) if key in readers else at.wrong(f"{at}: {suggest(key, readers)}")
    return WRONG if WRONG in made.values() else made


def _access(value: object, place: Place) -> object:
    """A table for each name."""
    if not isinstance(value, dict):
        return expected("a table of tables: [control.access.NAME]", value, place)
    known = [_credential(name, one, place.table(name)) for name, one in value.items()]
    return WRONG if WRONG in known else tuple(known)


def _credential(name: str, value: object, place: Place) -> object:
    made = _keys(value, _CREDENTIAL, place)
    if made is WRONG:
        return WRONG
    right = Right[made.pop("right", "read").upper()]
    if not made:
        return place.wrong(f"{place} shows nothing; write token = ..., certificate = ... or key = ...")
    return Credential(name, right, **made)


def _secret(value: object, place: Place) -> object:
    if isinstance(value, str) and len(value) >= _SHORTEST_TOKEN and value.isascii() and value.isprintable():
        return value
    return place.wrong(f"{place} is to have {_SHORTEST_TOKEN} letters or more, without blanks; make one by chance")


def _name(value: object, place: Place) -> object:
    return value if isinstance(value, str) and value else expected("a name", value, place)


_SHORTEST_TOKEN: Final = 16
_CREDENTIAL: Final[Mapping[str, Reader]] = {
    "right": one_of("read", "full"),
    "token": _secret,
    "certificate": _name,
    "key": _name,
}
CONTROL_READERS: Final[Mapping[str, Reader]] = {
    "amp": many(_stream, of=str),
    "binrpc": many(_stream_or_datagrams, of=str),
    "jsonrpc": many(_stream_or_datagrams, of=str),
    "jsonrpc_fifo": optional(file_name),
    "mi_datagram": many(_datagrams, of=str),
    "mi_fifo": optional(file_name),
    "fifo_reply_dir": file_name,
    "access": _access,
    "manhole": optional(_manhole),
}
