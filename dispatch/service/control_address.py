"""Where a door of control listens: a Twisted endpoint string, checked for who could come in."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import stat
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

# Colons and equals signs mean something, unless a backslash stands before them.
_PART: Final = re.compile(r"(?:[^:\\]|\\.)*")
_OPTION: Final = re.compile(r"((?:[^=\\]|\\.)*)=(.*)", re.DOTALL)
_OPTIONS: Final = {
    "unix": ("mode", "backlog", "right"),
    "tcp": ("interface", "backlog", "right"),
    "ssl": ("interface", "backlog", "right", "certificate", "key", "ca"),
    "unixd": ("mode", "right"),
    "udp": ("interface", "right"),
}
_DATAGRAMS: Final = ("unixd", "udp")
_MODE: Final = "600"
LONGEST_PATH: Final = 107
"""Bytes of the path of a unix socket, at most (``sun_path``)."""
_EXAMPLE: Final = "unix:/run/dispatch/amp.sock"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What TLS needs, in PEM.

    Attributes:
        certificate: our own.
        key: of that.
        ca: who signs certificates of the other side; None where it need not show one.
    """

    certificate: Path
    key: Path
    ca: Path | None

    def beside(self, folder: Path) -> TlsFiles:
        """With relative paths beginning at the folder."""
        return TlsFiles(folder / self.certificate, folder / self.key, self.ca and folder / self.ca)


@dataclass(frozen=True, slots=True)
class ControlAddress:
    """An endpoint.

    Attributes:
        path: of a unix socket; None for TCP and UDP.
        mode: of the unix socket, octal.
        host: address of TCP or UDP; of the loopback interface, where it is not TLS.
        port: of TCP or UDP.
        backlog: connections that wait.
        is_datagrams: it is no stream.
        right: what who comes in there may do at most: ``read`` or ``full``.
        tls: files of TLS; None without it.
    """

    path: Path | None = None
    mode: str = _MODE
    host: str = ""
    port: int = 0
    backlog: int = 50
    is_datagrams: bool = False
    right: str = "full"
    tls: TlsFiles | None = None

    @property
    def is_private(self) -> bool:
        """Whether the system lets nobody in but the user who runs the service (and root)."""
        return self.path is not None and not int(self.mode, 8) & 0o077

    @property
    def is_too_long(self) -> bool:
        """Whether the system can't have a unix socket of that path."""
        return self.path is not None and len(os.fsencode(self.path)) > LONGEST_PATH

    def beside(self, folder: Path) -> ControlAddress:
        """With a relative path beginning at the folder, so that it stays the same wherever the service goes."""
        path = None if self.path is None else (folder / self.path).absolute()
        return replace(self, path=path, tls=self.tls and self.tls.beside(folder))

    @property
    def kind(self) -> str:
        """How the endpoint string begins."""
        if self.is_datagrams:
            return "unixd" if self.path is not None else "udp"
        if self.path is not None:
            return "unix"
        return "ssl" if self.tls else "tcp"

    def __str__(self) -> str:
        if self.path is None:
            return f"{self.kind}:{self.port}:interface={_quoted(self.host)}"
        return f"{self.kind}:{self.path}"


def parse(text: str, *, datagrams: bool = False, has_credentials: bool = False) -> ControlAddress:
    """Read an endpoint string.

    Args:
        has_credentials: who comes in must show some, whatever the socket; so it may be one that others reach.
        datagrams: ``unixd:PATH`` and ``udp:PORT:interface=ADDRESS`` will do too.

    Raises:
        ValueError: what is wrong with it, for the operator.
    """
    kind, *parts = _parts(text)
    if kind not in _OPTIONS or (kind in _DATAGRAMS and not datagrams):
        others = ", unixd:PATH, udp:PORT:interface=127.0.0.1" if datagrams else ""
        raise ValueError(
            f"{text!r} is no socket that control can listen on: unix:PATH, tcp:PORT:interface=127.0.0.1{others}"
        )
    plain = [_unquoted(part) for part in parts if not _OPTION.fullmatch(part)]
    options = {_unquoted(found[1]): _unquoted(found[2]) for part in parts if (found := _OPTION.fullmatch(part))}
    unknown = [name for name in options if name not in _OPTIONS[kind]]
    if unknown or len(plain) != 1 or not plain[0] or "\0" in text:
        what = f"has {unknown[0]!r}, which is none" if unknown else "is not complete, or too much"
        raise ValueError(f"{text!r} {what}; options of {kind!r} are {' and '.join(_OPTIONS[kind])}")
    made = ControlAddress(
        backlog=_number(text, options.get("backlog", "50"), 1, 4096),
        is_datagrams=kind in _DATAGRAMS,
        right=_right(text, options.get("right", "full")),
        tls=_tls(text, options) if kind == "ssl" else None,
    )
    if kind in ("unix", "unixd"):
        return replace(made, path=Path(plain[0]), mode=_mode(text, options.get("mode", _MODE)))
    host = options.get("interface", "")
    if not host or not (kind == "ssl" or has_credentials):
        host = _loopback(text, host)
    return replace(made, mode="", host=host, port=_number(text, plain[0]))


def _right(text: str, right: str) -> str:
    if right not in ("read", "full"):
        raise ValueError(f"{text!r}: right is 'read' or 'full'")
    return right


def _tls(text: str, options: Mapping[str, str]) -> TlsFiles:
    for name in ("certificate", "key"):
        if not options.get(name):
            raise ValueError(f"{text!r} has no {name}; add ':{name}=FILE', in PEM")
    ca = options.get("ca")
    return TlsFiles(Path(options["certificate"]), Path(options["key"]), Path(ca) if ca else None)


def _parts(text: str) -> list[str]:
    parts, at = [], 0
    while at <= len(text):
        found = _PART.match(text, at)
        assert found is not None  # It matches anything, also nothing.
        parts.append(found[0])
        at = found.end() + 1
    return parts


def _mode(text: str, mode: str) -> str:
    if re.fullmatch("0?[0-7]{3}", mode) is None:
        raise ValueError(f"{text!r}: mode is three octal digits")
    return mode


def _number(text: str, number: str, low: int = 1, high: int = 65535) -> int:
    if re.fullmatch("[0-9]{1,5}", number) is None or not low <= int(number) <= high:
        raise ValueError(f"{text!r}: {number!r} is not a number from {low} to {high}")
    return int(number)


def _loopback(text: str, host: str) -> str:
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        where = f"on {host!r}" if host else "on all addresses"
        raise ValueError(
            f"{text!r} would let anybody in who reaches it {where}, as there are no credentials here; "
            f"add ':interface=127.0.0.1', use a unix socket, or ssl: with client certificates"
        )
    return host


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _quoted(text: str) -> str:
    return re.sub(r"([:=\\])", r"\\\1", text)


def remove_stale(path: Path, *, is_datagrams: bool = False) -> None:
    """Take a unix socket away that nobody listens at any more: what a killed service left behind.

    Raises:
        OSError: it can't be looked at, or removed.
    """
    kind = socket.SOCK_DGRAM if is_datagrams else socket.SOCK_STREAM
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return
    except FileNotFoundError:
        return
    with closing(socket.socket(socket.AF_UNIX, kind)) as probe:
        probe.setblocking(False)  # one that is busy is alive
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        except OSError:
            pass  # binding will tell
