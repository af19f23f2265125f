"""`db_url`: which database, in the module's form, and its password kept out of sight.

::

    db-url   = ( "mysql" / "postgres" / "postgresql" ) "://" [ login "@" ] [ host [ ":" port ] ] "/" database
             / "sqlite:///" path    ; relative to the configuration; absolute with one more "/"
    login    = user [ ":" password ]

Nothing is escaped: user ends at the first ":", password at the last "@".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from dispatch.sip.host import bracketed

SCHEMES: Final = {"mysql": "mysql", "postgres": "postgres", "postgresql": "postgres", "sqlite": "sqlite"}

_SERVER: Final = re.compile(
    r"(?:([^:@/]*)(?::(.*))?@)?"
    r"(?:\[([0-9A-Fa-f:.]+)\]|([^:@/\[\]]*))(?::([0-9]{1,5}))?/([^/@]+)"
)
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database, and how to get in.

    Attributes:
        dialect: ``mysql``, ``postgres`` or ``sqlite``.
        database: its name; the path of the file of ``sqlite``.
        host: empty for the socket of the local server.
        port: 0 for the usual one.
    """

    dialect: str
    database: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """As written, without the password."""
        if self.dialect == "sqlite":
            return f"sqlite:///{self.database}"
        user = f"{self.user}@" if self.user else ""
        host = bracketed(self.host)
        port = f":{self.port}" if self.port else ""
        return f"{self.dialect}://{user}{host}{port}/{self.database}"


def parse(text: str) -> DatabaseUrl:
    """The parts of a `db_url`.

    Raises:
        ValueError: it is none; says why without saying what it is, as there may be a password in it.
    """
    scheme, separator, rest = text.partition("://")
    dialect = SCHEMES.get(scheme)
    if not separator or dialect is None:
        raise ValueError(f"it begins with none of {', '.join(f'{known}://' for known in SCHEMES)}")
    if _UNPRINTABLE.search(rest):
        raise ValueError("it has a control character")
    if dialect == "sqlite":
        if not rest.startswith("/") or rest.endswith("/"):
            raise ValueError("three slashes and the path of a file have to follow sqlite:")
        return DatabaseUrl(dialect, rest[1:])
    found = _SERVER.fullmatch(rest)
    if found is None:
        raise ValueError(f"what follows {scheme}:// is not [user[:password]@][host[:port]]/database")
    user, password, bracketed, host, port, database = found.groups("")
    if int(port or 0) > 65535:
        raise ValueError("its port is above 65535")
    return DatabaseUrl(dialect, database, bracketed or host, int(port or 0), user, password)
