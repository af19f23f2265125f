"""The configuration: a TOML file read into frozen dataclasses, with all its problems told at once.

The dataclasses hold the defaults, the table at the end says what each key takes; a test holds both against each other
and against `docs/configuration.md`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from dispatch.balance import reply_codes
from dispatch.balance.algorithms import BY_NAME, BY_NUMBER
from dispatch.balance.destination import find_socket
from dispatch.balance.ejection import Ejection
from dispatch.balance.selection import find_algorithm, known_algorithms
from dispatch.errors import ConfigError, ConfigErrors
from dispatch.events import function, webhook
from dispatch.service import control_address, toml_lines
from dispatch.service.control_address import ControlAddress
from dispatch.service.dispatcher_config import READERS, DispatcherConfig
from dispatch.service.health_config import EJECTION_READERS, HEALTH_READERS, HealthConfig
from dispatch.service.listen import (
    SIP_PORT,
    Listen,
    bracketed,
    default_route_address,
    local_sockets,
    parse_host_port,
    parse_listen,
)
from dispatch.service.reading import (
    WRONG,
    Place,
    Reader,
    boolean,
    expected,
    file_name,
    integer,
    many,
    near,
    one_of,
    optional,
    seconds,
    suggest,
    text,
)
from dispatch.sip.timers import Timers

_TIMEOUT: Final = 408
FAILOVER_FLAG: Final = 2  # bit of [dispatcher] flags


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of anything is taken from the network.

    Attributes:
        message: bytes of one message.
        headers: header lines of one message.
        connections: open streams, for each listening socket: that others made, and that we made.
        connections_reserved: of these, kept for destinations.
        connections_per_source: open streams of one address that is no destination.
        unsent: bytes that wait for a peer on a stream.
        message_time: seconds from the first byte of a message on a stream to its last.
        idle_time: seconds without a message after which a stream is closed.
        transactions: open transactions.
    """

    message: int = 65535
    headers: int = 256
    connections: int = 4096
    connections_reserved: int = 256
    connections_per_source: int = 1024
    unsent: int = 1 << 20
    message_time: float = 30.0
    idle_time: float = 3600.0
    transactions: int = 200_000


@dataclass(frozen=True, slots=True)
class Sip:
    """``[sip]``: where we listen and who we are.

    Attributes:
        listen: sockets to open.
        alias: further names, ``host`` or ``host:port``, that are us.
        advertise: what goes into Via and Record-Route in place of the address of a socket.
        secret_file: key of what we sign; made at the first start.
        timers: seconds.
        limits: against too much of anything.
    """

    listen: tuple[Listen, ...] = ()
    alias: tuple[str, ...] = ()
    advertise: Mapping[Listen, tuple[str, int]] = field(default_factory=dict)
    secret_file: Path = Path("secret")
    timers: Timers = field(default_factory=Timers)
    limits: Limits = field(default_factory=Limits)

    def sent_by(self, listen: Listen) -> tuple[str, int]:
        """Host and port that others are told for one of our sockets: advertised, or bound.

        For a socket on all addresses it is the address that faces the default route.
        """
        if listen in self.advertise:
            return self.advertise[listen]
        return default_route_address(listen.host) if listen.is_any else listen.host, listen.port


@dataclass(frozen=True, slots=True)
class Lists:
    """``[lists]``: what a reload does, and what is done when the list can't be had.

    Attributes:
        reload_keeps_state: states and counters of destinations that stay are carried over.
        cache: file for the last good copy, for a start without the list; None for none.
        retry: seconds after which a database that was away is asked again, doubled each time; 0 for never.
        timeout: seconds that a database may keep us waiting.
    """

    reload_keeps_state: bool = True
    cache: Path | None = None
    retry: float = 5.0
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """``[route]``: what the built-in route does with an initial request.

    Attributes:
        set: group that destinations are taken from.
        algorithm: number or name of one.
        mode: ``dst`` keeps the Request-URI, ``domain`` rewrites its host and port.
        limit: destinations kept for one request, at most; 0 keeps all.
        relay: ``stateful`` or ``stateless``.
        failover_on: answers that send the request to the next destination; silence always does.
        failover_attempts: destinations tried for one request, at most.
        failover_time: seconds after which no further destination is tried.
    """

    set: int = 1
    algorithm: int | str = 4
    mode: str = "dst"
    limit: int = 0
    relay: str = "stateful"
    failover_on: tuple[int, ...] = (408, 500, 503)
    failover_attempts: int = 8
    failover_time: float = 90.0


@dataclass(frozen=True, slots=True)
class ControlConfig:
    """``[control]``: where people and programs come in; nowhere unless named.

    Attributes:
        amp: endpoints of the AMP door.
    """

    amp: tuple[ControlAddress, ...] = ()


@dataclass(frozen=True, slots=True)
class EventsConfig:
    """``[events]``: who is told what happens to destinations.

    Attributes:
        dst_down: ``module:function``, called when one goes down; empty for nobody.
        dst_up: likewise, when one comes back.
        log: file that gets a line of JSON for each event; None for none.
        webhook: URL that each event is posted to; empty for none.
    """

    dst_down: str = ""
    dst_up: str = ""
    log: Path | None = None
    webhook: str = ""


@dataclass(frozen=True, slots=True)
class StateConfig:
    """``[state]``: what outlives the service.

    Attributes:
        file: where it is kept; None for nothing is.
        interval: seconds after which it is written at the latest; 0 for only when a state changes, and at the end.
    """

    file: Path | None = None
    interval: float = 60.0


@dataclass(frozen=True, slots=True)
class Config:
    """All of a configuration file.

    Attributes:
        path: the file.
        warnings: what works, but hardly as it is meant; `dispatch check` shows them.
        lines: where in the file what stands; see `toml_lines.lines`.
    """

    path: Path
    sip: Sip = field(default_factory=Sip)
    dispatcher: DispatcherConfig = field(default_factory=DispatcherConfig)
    lists: Lists = field(default_factory=Lists)
    route: RouteConfig = field(default_factory=RouteConfig)
    health: HealthConfig = field(default_factory=HealthConfig)
    control: ControlConfig = field(default_factory=ControlConfig)
    events: EventsConfig = field(default_factory=EventsConfig)
    state: StateConfig = field(default_factory=StateConfig)
    warnings: tuple[ConfigError, ...] = ()
    lines: Mapping[toml_lines.Path, int] = field(default_factory=dict, compare=False, repr=False)

    def problem(self, remedy: str, *way: str | int) -> ConfigError:
        """What is found out when a value is put to use.

        Args:
            remedy: what is wrong, and what to do.
            way: to the value, from the top.
        """
        return ConfigError(self.path, Place(self.path, self.lines, way).line, remedy)


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
        document = tomllib.loads(source)
        lines = toml_lines.lines(source)
    except OSError as error:
        raise ConfigErrors([ConfigError(path, 0, f"can't be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
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
    _cross_check(config, top)
    return replace(config, warnings=_in_order(top.hints)), _in_order(top.problems)


def _in_order(problems: list[ConfigError]) -> tuple[ConfigError, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.line))


def _resolved(config: Config) -> Config:
    """With file names that are relative to the file, the default ones too."""
    base = config.path.parent
    return replace(
        config,
        sip=replace(config.sip, secret_file=base / config.sip.secret_file),
        dispatcher=replace(config.dispatcher, list_file=base / config.dispatcher.list_file),
        lists=replace(config.lists, cache=config.lists.cache and base / config.lists.cache),
        events=replace(config.events, log=config.events.log and base / config.events.log),
        state=replace(config.state, file=config.state.file and base / config.state.file),
        control=ControlConfig(tuple(one.beside(base) for one in config.control.amp)),
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


# --- readers of single keys


def _algorithm(value: object, place: Place) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return expected(f"the number or name of an algorithm: {known_algorithms()}", value, place)
    if value in BY_NAME or value in BY_NUMBER:
        return value
    if isinstance(value, int):
        place.warn(f"{place} is {value}, no algorithm: the first destination gets all; there are {known_algorithms()}")
        return value
    meant = near(value, BY_NAME)
    hint = f"did you mean {meant!r}?" if meant else f"there are {known_algorithms()}"
    return place.wrong(f"{place} is {value!r}; {hint}")


def _listens(value: object, place: Place) -> object:
    if value == []:
        return place.wrong(f'{place} is empty; write e.g. {place.path[-1]} = ["udp:127.0.0.1:5060"]')
    taken: set[Listen] = set()

    def read_one(item: object, at: Place) -> object:
        listen = text(parse_listen, "udp:127.0.0.1:5060", item, at)
        if listen is not WRONG and listen in taken:
            return at.wrong(f"{place} has {listen} twice; remove one")
        taken.add(listen)
        return listen

    return many(read_one, of=str)(value, place)


def _alias(value: object, place: Place) -> object:
    return value if text(parse_host_port, "sip.example.com:5080", value, place) is not WRONG else WRONG


def _endpoint(value: object, place: Place) -> object:
    return text(control_address.parse, "unix:/run/dispatch/amp.sock", value, place)


def _function(value: object, place: Place) -> object:
    return text(lambda path: function.checked(path, place.file.absolute().parent), "alarms:went_down", value, place)


def _webhook(value: object, place: Place) -> object:
    return text(webhook.checked, "https://alarms.example.com/dispatch", value, place)


def _advertise(value: object, place: Place) -> object:
    if not isinstance(value, dict):
        return expected('a table: { "udp:10.0.0.5:5060" = "203.0.113.7:5060" }', value, place)
    names = {
        text(parse_listen, "udp:10.0.0.5:5060", key, place.at(key)): text(
            _parse_sent_by, "203.0.113.7:5060", item, place.at(key)
        )
        for key, item in value.items()
    }
    return WRONG if WRONG in names or WRONG in names.values() else names


def _parse_sent_by(written: str) -> tuple[str, int]:
    host, port = parse_host_port(written)
    return host, SIP_PORT if port is None else port


# --- tables


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


# --- what one key says about another


def _cross_check(config: Config, top: Place) -> None:
    sip = top.table("sip")
    if not sip.at("listen").is_written:
        sip.wrong('[sip] listen is missing; write e.g. listen = ["udp:127.0.0.1:5060"]')
    if top.problems:
        return  # the rest compares values that must be right themselves
    _check_names(config.sip, sip)
    _check_default_socket(config, top)
    _check_silence(config, top.table("dispatcher").at("ds_ping_reply_codes"))
    _check_live_traffic(config, top)
    _check_failover(config, top)
    _check_stateless(config.route, top.table("route"))
    _check_needs(config, top)
    _check_control(config.control, top.table("control"))
    _check_folders(config, top)


def _check_names(sip: Sip, place: Place) -> None:
    for listen in sip.advertise:
        if listen not in sip.listen:
            at = place.at("advertise")
            at.wrong(f"{at} names {listen}, which is not listened on; {suggest(listen, map(str, sip.listen))}")
    for index, listen in enumerate(sip.listen):
        if listen.is_any and listen not in sip.advertise:
            host, port = sip.sent_by(listen)
            place.at("listen", index).warn(
                f"{listen} stands for all addresses: Via and Record-Route will name {bracketed(host)}:{port}, "
                f'the address of the default route; write advertise = {{ "{listen}" = "HOST:PORT" }} for another'
            )


def _check_default_socket(config: Config, top: Place) -> None:
    at = top.table("dispatcher").at("ds_default_socket")
    wanted = config.dispatcher.ds_default_socket
    try:
        if wanted:
            find_socket(wanted.encode(), local_sockets(config.sip.listen))
    except ValueError as error:
        at.wrong(f"{at}: {error}")


def _check_silence(config: Config, at: Place) -> None:
    accepted = reply_codes.accepted(config.dispatcher.ds_ping_reply_codes.encode())
    if _TIMEOUT in accepted and not config.health.timeout_is_failure:
        at.warn(
            f"{at} has 408, and no answer at all counts as 408: a destination that is silent never gets inactive; "
            f"write the codes without 408, or [health] timeout_is_failure = true"
        )


def _check_live_traffic(config: Config, top: Place) -> None:
    health = config.health
    ejection = top.table("health", "ejection")
    if ejection.is_written and not health.ejection.is_on:
        ejection.warn(f"{ejection} ejects nobody; write e.g. consecutive_failures = 5, or success_rate_factor = 1.9")
    if config.route.relay == "stateless" and health.hears_outcomes:
        at = ejection if health.ejection.is_on else top.table("health")
        at.warn(f"{at} has no effect with relay = 'stateless': nobody knows what became of a request")


def _check_failover(config: Config, top: Place) -> None:
    route = config.route
    place = top.table("route").at("failover_on")
    if not route.failover_on:
        return
    if route.relay == "stateless":
        if place.is_written:
            place.warn(
                f"{place} has no effect with relay = 'stateless': nothing is remembered that could be sent again"
            )
    elif not config.dispatcher.flags & FAILOVER_FLAG:
        at = place if place.is_written else top.table("dispatcher").at("flags")
        at.warn(
            f"no failover: [dispatcher] flags is {config.dispatcher.flags}, without bit {FAILOVER_FLAG}; "
            f"write flags = {config.dispatcher.flags | FAILOVER_FLAG}, or [route] failover_on = [] when none is wanted"
        )


def _check_stateless(route: RouteConfig, place: Place) -> None:
    if route.relay == "stateless" and not find_algorithm(route.algorithm).is_steady:
        at = place.at("algorithm") if place.at("algorithm").is_written else place.at("relay")
        at.warn(
            f"with relay = 'stateless', algorithm {route.algorithm!r} may send a CANCEL or a retransmission "
            f"elsewhere than its request went; choose e.g. 'hash-callid'"
        )


def _check_needs(config: Config, top: Place) -> None:
    """What an algorithm is of no use without, as far as it is a parameter."""
    parameters = config.dispatcher
    without = {
        "hash_pvar": (not parameters.hash_pvar, "no request gets a destination"),
        "ds_hash_size": (not parameters.ds_hash_size, "no call is counted, and the first destination gets all"),
    }
    place = top.table("route").at("algorithm")
    for need in find_algorithm(config.route.algorithm).needs:
        is_missing, effect = without.get(need, (False, ""))
        if is_missing:
            place.warn(f"algorithm {config.route.algorithm!r} needs [dispatcher] {need}: without it {effect}")


def _check_control(control: ControlConfig, place: Place) -> None:
    for index, address in enumerate(control.amp):
        if address.is_too_long:
            most = control_address.LONGEST_PATH
            place.at("amp", index).wrong(
                f"{address}: a unix socket's path has {most} bytes at most; name a shorter one"
            )
        elif not address.is_private:
            others = "whoever its mode lets in" if address.path is not None else "every user of this machine"
            place.at("amp", index).warn(f"{address} gives {others} full control of the service")


def _check_folders(config: Config, top: Place) -> None:
    """What is written anew must be allowed to."""
    for path, at in (
        (config.events.log, top.table("events").at("log")),
        (config.state.file, top.table("state").at("file")),
    ):
        if path is None:
            continue
        if path.is_dir():
            at.wrong(f"{at}: {path} is a folder; name a file")
        elif not path.parent.is_dir():
            at.wrong(f"{at}: there is no folder {path.parent}; make it, or name a file elsewhere")
        elif not os.access(path.parent, os.W_OK):
            at.wrong(
                f"{at}: nothing can be written in {path.parent}; let the service's user do so, or name a file elsewhere"
            )


# --- which key takes what

TABLES: Final[Mapping[str, tuple[Callable[..., Any], Mapping[str, Reader]]]] = {
    "sip": (
        Sip,
        {
            "listen": _listens,
            "alias": many(_alias, of=str),
            "advertise": _advertise,
            "secret_file": file_name,
            "timers": _table("sip.timers"),
            "limits": _table("sip.limits"),
        },
    ),
    "sip.timers": (
        Timers,
        {
            "t1": seconds(0.01),
            "t2": seconds(0.01),
            "t4": seconds(0.01),
            "fr_timer": seconds(0.1),
            "fr_inv_timer": seconds(0.1),
            "grace": seconds(0),
        },
    ),
    "sip.limits": (
        Limits,
        {
            "message": integer(1024),
            "headers": integer(16),
            "connections": integer(1),
            "connections_reserved": integer(0),
            "connections_per_source": integer(1),
            "unsent": integer(65536),
            "message_time": seconds(1),
            "idle_time": seconds(10),
            "transactions": integer(1),
        },
    ),
    "dispatcher": (DispatcherConfig, READERS),
    "lists": (
        Lists,
        {
            "reload_keeps_state": boolean,
            "cache": optional(file_name),
            "retry": seconds(0),
            "timeout": seconds(1),
        },
    ),
    "route": (
        RouteConfig,
        {
            "set": integer(0),
            "algorithm": _algorithm,
            "mode": one_of("dst", "domain"),
            "limit": integer(0),
            "relay": one_of("stateful", "stateless"),
            "failover_on": many(integer(300, 599), of=int),  # a 6xx speaks for all (RFC 3261 §16.7 step 5)
            "failover_attempts": integer(1, 32),  # each one nests a few calls in those before
            "failover_time": seconds(0.1),
        },
    ),
    "health": (HealthConfig, {**HEALTH_READERS, "ejection": _table("health.ejection")}),
    "health.ejection": (Ejection, EJECTION_READERS),
    "control": (ControlConfig, {"amp": many(_endpoint, of=str)}),
    "events": (
        EventsConfig,
        {
            "dst_down": optional(_function),
            "dst_up": optional(_function),
            "log": optional(file_name),
            "webhook": optional(_webhook),
        },
    ),
    "state": (StateConfig, {"file": optional(file_name), "interval": seconds(0)}),
}
_TOP: Final = {name: _table(name) for name in TABLES if "." not in name}
