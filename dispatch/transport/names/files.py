"""`/etc/hosts` and `/etc/resolv.conf`, read again when they have changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from dispatch.errors import TransportError
from dispatch.transport.names.records import AAAA, NOTHING, A, Answer, Outcome, Question
from dispatch.transport.sockets import canonical

_T = TypeVar("_T")

HOSTS: Final = Path("/etc/hosts")
RESOLV_CONF: Final = Path("/etc/resolv.conf")
_SERVICE: Final = re.compile(r"^_sips?\._(?:udp|tcp)\.")
_DNS_PORT: Final = 53
_TTL: Final = 60.0  # of what stands in a file


class _File(Generic[_T]):
    """What stands in a file, parsed once for each of its versions; a file that can't be read is empty."""

    def __init__(self, path: Path, parse: Callable[[str], _T]) -> None:
        self._path = path
        self._parse = parse
        self._version: tuple[int, int, int] | None = None
        self._content = parse("")

    def content(self) -> _T:
        try:
            found = self._path.stat()
            version = (found.st_mtime_ns, found.st_size, found.st_ino)
            if version != self._version:
                self._content = self._parse(self._path.read_text(encoding="latin-1"))
                self._version = version
        except OSError:
            self._version, self._content = None, self._parse("")
        return self._content


class Hosts:
    """The names of a hosts(5) file."""

    def __init__(self, path: Path = HOSTS) -> None:
        self._file = _File(path, _addresses)

    def answer(self, question: Question) -> Answer | None:
        """What the file says; None where it does not have the name.

        A name of the file has no SRV and no NAPTR records: it is where the file says.
        """
        addresses = self._file.content().get(_SERVICE.sub("", question.name))
        if addresses is None:
            return None
        wanted = tuple(one for one in addresses if (":" in one) is (question.kind == AAAA))
        if question.kind not in (A, AAAA) or not wanted:
            return NOTHING
        return Answer(Outcome.FOUND, wanted, ttl=_TTL)


class Servers:
    """The name servers of a resolv.conf(5) file; this machine where it names none."""

    def __init__(self, path: Path = RESOLV_CONF) -> None:
        self._file = _File(path, _servers)

    def __call__(self) -> tuple[tuple[str, int], ...]:
        return self._file.content()


def _addresses(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        try:
            address = canonical(address)
        except TransportError:
            continue
        for name in names:
            found.setdefault(name.lower().rstrip("."), []).append(address)
    return found


def _servers(text: str) -> tuple[tuple[str, int], ...]:
    found = []
    for line in text.splitlines():
        key, *values = line.split() or [""]
        if key != "nameserver" or not values:
            continue
        try:
            found.append((canonical(values[0]), _DNS_PORT))
        except TransportError:
            continue
    return tuple(found) or (("127.0.0.1", _DNS_PORT),)
