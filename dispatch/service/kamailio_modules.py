"""Modules and their parameters in a `kamailio.cfg`: which we have, and what each parameter is to us."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dispatch.script.functions import FUNCTIONS
from dispatch.script.kamailio.tree import Modparam, Position, Script, Text
from dispatch.script.values import Value
from dispatch.service.dispatcher_config import READERS
from dispatch.service.kamailio_document import Document

_OURS: Final = frozenset(one.module for one in FUNCTIONS.values())
# They have no functions that a script could call, or none that we have; what they stand for we do anyway or by doors.
_HARMLESS: Final = frozenset(
    [
        "app_python3",
        "app_python",
        "ctl",
        "cfg_rpc",
        "jsonrpcs",
        "mi_fifo",
        "mi_datagram",
        "mi_rpc",
        "rpc",
        "db_mysql",
        "db_postgres",
        "db_sqlite",
        "db_unixodbc",
        "db_text",
        "db_cluster",
        "usrloc",
        "acc",
        "kemix",
        "statistics",
        "counters",
        "cfgutils",
        "tls",
        "xhttp",
        "htable",
        "pike",
        "nathelper",
        "permissions",
        "uac",
        "uac_redirect",
        "dialog",
        "path",
        "async",
        "rtimer",
    ]
)
_NO_MEANING: Final = frozenset(
    ["event_callback", "reload_delta", "ds_db_extra_attrs", "ds_attrs_none", "ds_retain_latency_stats", "cbparam"]
)


@dataclass(slots=True)
class Parameters:
    """What modules are told.

    Attributes:
        values: by module and name.
        variables: of `varset` and `shvset`.
        xavp_dst: of dispatcher.
        xavp_ctx: of dispatcher.
    """

    values: dict[tuple[str, str], int | bytes] = field(default_factory=dict)
    variables: dict[tuple[str, str], Value] = field(default_factory=dict)
    xavp_dst: str = "_dsdst_"
    xavp_ctx: str = "_dsctx_"


def read(script: Script, document: Document) -> Parameters:
    """Put every parameter where it belongs."""
    found = Parameters()
    loaded = {one.module for one in script.modules}
    for module in script.modules:
        if module.module not in _OURS and module.module not in _HARMLESS:
            name = module.module
            document.hint(module.at, f"module {name} is not part of the dispatcher: nothing of it runs; remove it")
    for one in script.modparams:
        names = _names(one.modules, loaded)
        if not names:
            document.wrong(
                one.at, f'modparam of {one.modules!r}, which is not loaded; write loadmodule "{one.modules}.so"'
            )
        for name in names:
            _apply(one, name, document, found)
    return found


def _names(written: str, loaded: set[str]) -> list[str]:
    if written in loaded:
        return [written]
    try:
        return sorted(name for name in loaded if re.fullmatch(written, name))
    except re.error:
        return []


def _apply(one: Modparam, module: str, document: Document, found: Parameters) -> None:
    value = one.value.value
    encoded = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    found.values[module, one.name] = encoded
    if module == "dispatcher":
        _dispatcher(one, document, found)
    elif module == "pv" and one.name in ("varset", "shvset"):
        _set_variable(one, document, found)
    elif (module, one.name) in _KEYS:
        _KEYS[module, one.name](one, document)


def _dispatcher(one: Modparam, document: Document, found: Parameters) -> None:
    value = one.value.value
    if one.name in ("xavp_dst", "xavp_ctx"):
        setattr(found, one.name, str(value))
    elif one.name in READERS:
        document.put(one.at, value, "dispatcher", one.name)
    elif one.name in _NO_MEANING:
        document.hint(one.at, f"{one.name} means nothing here")
    else:
        near = difflib.get_close_matches(one.name, (*READERS, "xavp_dst", "xavp_ctx"), 1)
        hint = f"did you mean {near[0]!r}?" if near else "remove it"
        document.wrong(one.at, f"dispatcher has no parameter {one.name!r}; {hint}")


def _set_variable(one: Modparam, document: Document, found: Parameters) -> None:
    """``name=i:3`` or ``name=s:text``."""
    kind = "shv" if one.name == "shvset" else "var"
    match = re.fullmatch(r"([^=]+)=([is]):(.*)", str(one.value.value), re.DOTALL)
    if match is None or (match[2] == "i" and re.fullmatch(r"-?[0-9]{1,18}", match[3]) is None):
        document.wrong(one.at, f'{one.name} is {one.value.value!r}; write "name=i:3" or "name=s:text"')
        return
    found.variables[kind, match[1]] = int(match[3]) if match[2] == "i" else match[3].encode("utf-8", "surrogateescape")


def _seconds(*way: str) -> Callable[[Modparam, Document], None]:
    """From milliseconds."""

    def apply(one: Modparam, document: Document) -> None:
        if isinstance(one.value, Text):
            document.wrong(one.at, f"{one.name} is a number of milliseconds, without quotes")
        else:
            document.put(one.at, one.value.value / 1000, *way)

    return apply


def _door(key: str, *, is_list: bool, scheme: str = "") -> Callable[[Modparam, Document], None]:
    """A place where commands come in: one that can't be made is no reason not to start."""

    def apply(one: Modparam, document: Document) -> None:
        written = str(one.value.value)
        address = written if not scheme or ":" in written else f"{scheme}:{written}"
        path = Path(address.partition(":")[2] if is_list else address)
        address = re.sub("^unixs:", "unix:", address)
        tcp = re.fullmatch(r"(tcp|udp):([^:]+):([0-9]+)", address)
        if tcp is not None:
            interface = "127.0.0.1" if tcp[2] in ("localhost", "*") else tcp[2]
            address = f"{tcp[1]}:{tcp[3]}:interface={interface}"
        elif not _can_be_made(path):
            document.hint(one.at, f"{path} can't be made here: this door stays shut; name another path")
            return
        if is_list:
            document.add(one.at, address, "control", key)
        else:
            document.put(one.at, address, "control", key)

    return apply


def _can_be_made(path: Path) -> bool:
    return path.parent.is_dir() and os.access(path.parent, os.W_OK | os.X_OK)


def _folder(one: Modparam, document: Document) -> None:
    document.put(one.at, str(one.value.value).rstrip("/") or "/", "control", "fifo_reply_dir")


_KEYS: Final[Mapping[tuple[str, str], Callable[[Modparam, Document], None]]] = {
    ("tm", "fr_timer"): _seconds("sip", "timers", "fr_timer"),
    ("tm", "fr_inv_timer"): _seconds("sip", "timers", "fr_inv_timer"),
    ("tm", "retr_timer1"): _seconds("sip", "timers", "t1"),
    ("tm", "retr_timer2"): _seconds("sip", "timers", "t2"),
    ("ctl", "binrpc"): _door("binrpc", is_list=True),
    ("jsonrpcs", "fifo_name"): _door("jsonrpc_fifo", is_list=False),
    ("jsonrpcs", "dgram_socket"): _door("jsonrpc", is_list=True, scheme="unixd"),
    ("jsonrpcs", "tcp_socket"): _door("jsonrpc", is_list=True),
    ("mi_fifo", "fifo_name"): _door("mi_fifo", is_list=False),
    ("mi_fifo", "reply_dir"): _folder,
    ("mi_datagram", "socket_name"): _door("mi_datagram", is_list=True, scheme="unixd"),
}

__all__ = ("Parameters", "Position", "read")
