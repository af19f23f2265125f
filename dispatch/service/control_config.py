"""``[control]``: where people and programs come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from dispatch.service import control_address
from dispatch.service.control_address import ControlAddress
from dispatch.service.reading import WRONG, Place, Reader, file_name, many, optional, text


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
    """

    amp: tuple[ControlAddress, ...] = ()
    binrpc: tuple[ControlAddress, ...] = ()
    jsonrpc: tuple[ControlAddress, ...] = ()
    jsonrpc_fifo: Path | None = None
    mi_datagram: tuple[ControlAddress, ...] = ()
    mi_fifo: Path | None = None
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


CONTROL_READERS: Final[Mapping[str, Reader]] = {
    "amp": many(_stream, of=str),
    "binrpc": many(_stream_or_datagrams, of=str),
    "jsonrpc": many(_stream_or_datagrams, of=str),
    "jsonrpc_fifo": optional(file_name),
    "mi_datagram": many(_datagrams, of=str),
    "mi_fifo": optional(file_name),
    "fifo_reply_dir": file_name,
}
