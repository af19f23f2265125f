"""A `kamailio.cfg` read as the configuration of the service: the same keys as a TOML file has, and a script."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dispatch.errors import ConfigError
from dispatch.script.kamailio import compiler
from dispatch.script.kamailio.parser import parse_file
from dispatch.script.kamailio.tree import Position, Problem
from dispatch.service import kamailio_modules, kamailio_settings
from dispatch.service.kamailio_document import Document
from dispatch.service.script_config import ScriptConfig

_FIRST_LINE: Final = re.compile(r"#!(?:KAMAILIO|SER|ALL|OPENSER|MAXCOMPAT)\b")
_STATEMENT: Final = re.compile(
    r"^[ \t]*(?:loadmodule[ \t]+[\"']|modparam[ \t]*\("
    r"|(?:request_|reply_|failure_|branch_|onreply_|event_)?route[ \t]*[\[{])",
    re.MULTILINE,
)
_ANY: Final = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of it.

    Attributes:
        keys: of the configuration, as TOML would give them.
        lines: where they stand.
        script: what routes the requests.
        problems: what is wrong.
        hints: what works, but not as it says.
    """

    keys: dict[str, Any]
    lines: dict[tuple[str | int, ...], int]
    script: ScriptConfig
    problems: list[ConfigError]
    hints: list[ConfigError]


def is_cfg(source: str) -> bool:
    """Whether a text is a `kamailio.cfg`; TOML has no such lines."""
    return _FIRST_LINE.match(source) is not None or _STATEMENT.search(source) is not None


def read(path: Path) -> Reading:
    """Read a `kamailio.cfg`, and all that it includes."""
    script = parse_file(path)
    document = Document()
    for setting in script.settings:
        kamailio_settings.apply(setting, document)
    parameters = kamailio_modules.read(script, document)
    _sockets(document, path)
    compiled = compiler.compile(script, max_loops=document.max_loops)
    _note(compiled.problems, document)
    shows_list = "xavp" in compiled.variables
    made = ScriptConfig(
        compiled,
        parameters.values,
        parameters.variables,
        document.level,
        parameters.xavp_dst if shows_list else "",
        parameters.xavp_ctx if shows_list else "",
    )
    return Reading(document.keys, document.lines, made, document.problems, document.hints)


def _note(problems: Iterable[Problem], document: Document) -> None:
    for one in problems:
        (document.hint if one.is_warning else document.wrong)(one.at, one.message)


def _sockets(document: Document, path: Path) -> None:
    """``listen`` lines; without any, all addresses at the port."""
    top = Position(path, 1, 1)
    if not document.sockets:
        document.sockets.append((top, (), _ANY, "", ""))
    advertise: dict[str, str] = {}
    for at, protocols, host, port, advertised in document.sockets:
        if not kamailio_settings.is_literal(host):
            document.wrong(at, f"listen names {host!r}; write the IP address of this machine")
            continue
        for protocol in protocols or (("udp", "tcp") if document.has_tcp else ("udp",)):
            if protocol == "tcp" and not document.has_tcp:
                document.hint(at, "tcp is disabled (disable_tcp): this socket is not opened")
                continue
            number = port or ("5061" if protocol == "tls" else str(document.port))
            socket = f"{protocol}:{host}:{number}"
            document.add(at, socket, "sip", "listen")
            other = advertised or (document.advertised[0] if document.advertised is not None else "")
            if other:
                advertise[socket] = other if ":" in other else f"{other}:{number}"
    if advertise:
        document.put(document.sockets[0][0], advertise, "sip", "advertise")
    for at, name in document.aliases:
        document.add(at, name, "sip", "alias")
