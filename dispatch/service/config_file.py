"""A TOML file, or a `kamailio.cfg`, read into a `Config`, with all its problems told at once.

The table at the end says which key takes what; a test holds it against the dataclasses and `docs/configuration.md`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from dispatch.balance.ejection import Ejection
from dispatch.errors import ConfigError, ConfigErrors
from dispatch.service import kamailio_config, toml_lines
from dispatch.service.config import LISTS_READERS, STATE_READERS, Config, Lists, StateConfig
from dispatch.service.control_config import CONTROL_READERS, ControlConfig
from dispatch.service.cross_check import cross_check
from dispatch.service.dispatcher_config import READERS, DispatcherConfig
from dispatch.service.dns_config import DNS_READERS, DnsConfig
from dispatch.service.events_config import EVENT_READERS, EventsConfig
from dispatch.service.health_config import EJECTION_READERS, HEALTH_READERS, HealthConfig
from dispatch.service.reading import WRONG, Place, Reader, expected, near, suggest
from dispatch.service.route_config import ROUTE_READERS, RouteConfig
from dispatch.service.sip_config import LIMIT_READERS, SIP_READERS, TIMER_READERS, Limits, Sip
from dispatch.service.tls_config import TLS_READERS, Tls
from dispatch.service.websocket_config import WEBSOCKET_READERS, WebSocket
from dispatch.sip.timers import Timers


def load(path: Path) -> Config:
    """Read a configuration file. Relative paths in it are relative to it.

    Raises:
        ConfigErrors: all that is wrong with it.
    """
    config, problems = examine(path)
    if problems:
        raise ConfigErrors(problems)
    return config


def examine(path: Path) -> tuple[Config, tuple[ConfigError, ...]]:
    """Read a configuration file, and tell all that is wrong with it; a key that is wrong has its default.

    Raises:
        ConfigErrors: it can't be read at all.
    """
    try:
        source = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
        if kamailio_config.is_cfg(source):
            return _examine_cfg(path)
        document = tomllib.loads(source)
        lines = toml_lines.lines(source)
    except OSError as error:
        raise ConfigErrors([ConfigError(path, 0, f"can't be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        if kamailio_config.is_cfg(error.object.decode("latin-1")):
            return _examine_cfg(path)
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigErrors([ConfigError(path, line, "not UTF-8; save it as UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigErrors([_syntax_error(path, str(error), source)]) from None
    except ValueError:  # of int(): tomllib lets it through
        raise ConfigErrors([_huge_number(path, source)]) from None
    except RecursionError:
        raise ConfigErrors([ConfigError(path, 0, "brackets in brackets in brackets: nested too deeply")]) from None
    top = Place(path, lines)
    config = _resolved(Config(path, lines=lines, **_read_keys(document, _TOP, top)))
    cross_check(config, top)
    return replace(config, warnings=_in_order(top.hints)), _in_order(top.problems)


def _examine_cfg(path: Path) -> tuple[Config, tuple[ConfigError, ...]]:
    """As `examine`, of a `kamailio.cfg`: it has the same keys, by other names."""
    found = kamailio_config.read(path)
    top = Place(path, found.lines, problems=found.problems, hints=found.hints)
    config = _resolved(Config(path, lines=found.lines, script=found.script, **_read_keys(found.keys, _TOP, top)))
    cross_check(config, top)
    return replace(config, warnings=_in_order(top.hints)), _in_order(top.problems)


def _in_order(problems: list[ConfigError]) -> tuple[ConfigError, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.line))


def _resolved(config: Config) -> Config:
    """With file names that are relative to the file, the default ones too."""
    base = config.path.parent
    return replace(
        config,
        sip=replace(config.sip, secret_file=base / config.sip.secret_file, tls=config.sip.tls.beside(base)),
        dispatcher=replace(config.dispatcher, list_file=base / config.dispatcher.list_file),
        route=replace(config.route, script=config.route.script and base / config.route.script),
        lists=replace(config.lists, cache=config.lists.cache and base / config.lists.cache),
        events=replace(config.events, log=config.events.log and base / config.events.log),
        state=replace(config.state, file=config.state.file and base / config.state.file),
        control=config.control.beside(base),
    )


def _syntax_error(path: Path, message: str, source: str) -> ConfigError:
    message = message.replace("Cannot overwrite a value", "this key has a value already: remove one of the two")
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if found is None:
        return ConfigError(path, 0, f"not TOML: {message}")
    if found[2] is None:
        return ConfigError(path, source.count("\n") + 1, f"not TOML: {found[1]} at the end of the file")
    return ConfigError(path, int(found[2]), f"not TOML: {found[1]}, column {found[3]}")


def _huge_number(path: Path, source: str) -> ConfigError:
    found = re.search("[0-9_]{1000,}", source)
    line = source.count("\n", 0, found.start()) + 1 if found is not None else 0
    return ConfigError(path, line, "a number of thousands of digits; write a smaller one")


def _table(name: str) -> Reader:
    def read(value: object, place: Place) -> object:
        made, readers = TABLES[name]
        if not isinstance(value, dict):
            return expected("a table", value, place)
        return made(**_read_keys(value, readers, place.table()))

    return read


def _read_keys(values: Mapping[str, Any], readers: Mapping[str, Reader], place: Place) -> dict[str, Any]:
    known = {}
    for key, value in values.items():
        at = place.at(key)
        made = readers[key](value, at) if key in readers else at.wrong(_unknown(key, readers, place))
        if made is not WRONG:
            known[key] = made
    return known


def _unknown(key: str, readers: Mapping[str, Reader], place: Place) -> str:
    if not place.path:
        return f"there is no table or key {key!r} here; {suggest(key, readers)}"
    elsewhere = [table for table, (_, others) in TABLES.items() if key in others]
    if elsewhere and near(key, readers) is None:
        return f"{place} has no key {key!r}; it belongs under [{elsewhere[0]}]"
    return f"{place} has no key {key!r}; {suggest(key, readers)}"


TABLES: Final[Mapping[str, tuple[Callable[..., Any], Mapping[str, Reader]]]] = {
    "sip": (
        Sip,
        {
            **SIP_READERS,
            "timers": _table("sip.timers"),
            "limits": _table("sip.limits"),
            "dns": _table("sip.dns"),
            "tls": _table("sip.tls"),
            "websocket": _table("sip.websocket"),
        },
    ),
    "sip.timers": (Timers, TIMER_READERS),
    "sip.limits": (Limits, LIMIT_READERS),
    "sip.dns": (DnsConfig, DNS_READERS),
    "sip.tls": (Tls, TLS_READERS),
    "sip.websocket": (WebSocket, WEBSOCKET_READERS),
    "dispatcher": (DispatcherConfig, READERS),
    "lists": (Lists, LISTS_READERS),
    "route": (RouteConfig, ROUTE_READERS),
    "health": (HealthConfig, {**HEALTH_READERS, "ejection": _table("health.ejection")}),
    "health.ejection": (Ejection, EJECTION_READERS),
    "control": (ControlConfig, CONTROL_READERS),
    "events": (EventsConfig, EVENT_READERS),
    "state": (StateConfig, STATE_READERS),
}
_TOP: Final = {name: _table(name) for name in TABLES if "." not in name}
