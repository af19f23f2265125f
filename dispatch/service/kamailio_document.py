"""What a `kamailio.cfg` says, as a document with the keys of our own configuration, and where each stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dispatch.errors import ConfigError
from dispatch.script.kamailio.tree import Position


@dataclass(slots=True)
class Document:
    """As it is put together.

    Attributes:
        keys: tables and keys, as TOML would give them.
        lines: where they stand, by the way to them.
        places: where settings stand that are no keys of ours.
        sockets: of ``listen``: where, protocols (none for all), host, port, what is advertised.
        aliases: of ``alias``.
        advertised: ``advertised_address``.
        port: default one.
        has_tcp: not ``disable_tcp``.
        level: ``debug``.
        max_loops: ``max_while_loops``.
        engine: ``cfgengine``.
        problems: what is wrong.
        hints: what works, but not as it says.
    """

    keys: dict[str, Any] = field(default_factory=dict)
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)
    places: dict[str, Position] = field(default_factory=dict)
    sockets: list[tuple[Position, tuple[str, ...], str, str, str]] = field(default_factory=list)
    aliases: list[tuple[Position, str]] = field(default_factory=list)
    advertised: tuple[str, Position] | None = None
    port: int = 5060
    has_tcp: bool = True
    level: int = 0
    max_loops: int = 100
    engine: str = "native"
    problems: list[ConfigError] = field(default_factory=list)
    hints: list[ConfigError] = field(default_factory=list)

    def put(self, at: Position, value: object, *way: str | int) -> None:
        """Set a key; lists are begun and lengthened."""
        here: Any = self.keys
        for step in way[:-1]:
            here = here.setdefault(step, {})
            self.lines.setdefault(way[: way.index(step) + 1], at.line)
        here[way[-1]] = value
        self.lines[way] = at.line

    def add(self, at: Position, value: object, *way: str) -> None:
        """One more value of a list."""
        table = self.keys
        for step in way[:-1]:
            table = table.setdefault(step, {})
        values = table.setdefault(way[-1], [])
        values.append(value)
        self.lines.setdefault(way, at.line)
        self.lines[(*way, len(values) - 1)] = at.line

    def wrong(self, at: Position, message: str) -> None:
        """Note what is wrong."""
        self.problems.append(ConfigError(at.file, at.line, f"column {at.column}: {message}"))

    def hint(self, at: Position, message: str) -> None:
        """Note what is odd."""
        self.hints.append(ConfigError(at.file, at.line, f"column {at.column}: {message}"))
