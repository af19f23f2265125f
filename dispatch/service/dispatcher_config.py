"""``[dispatcher]``: the module's parameters. A field has all there is to know: default, what may be written, effect.

`docs/parameters.md` is made from these fields by `dispatch.service.parameters`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final, TypeVar

from dispatch.balance import reply_codes
from dispatch.script import formats, variables
from dispatch.service.reading import Place, Reader, expected, file_name, integer, text
from dispatch.sip import uri as sip_uri
from dispatch.sip.grammar import TOKEN
from dispatch.source import database_url

_T = TypeVar("_T")

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_]+")
_AVP: Final = re.compile(r"\$avp\([A-Za-z0-9_:.]+\)")
_SOCKET: Final = re.compile(r"[a-z]+:[!-~]+")


def _like(pattern: re.Pattern[str], what: str) -> Reader:
    """Text of that form; what is wrong is never shown, as there may be a password in it."""

    def read(value: object, place: Place) -> object:
        if not isinstance(value, str):
            return expected(what, value, place)
        return value if pattern.fullmatch(value) else place.wrong(f"{place} must be {what}")

    return read


def _or_unset(reader: Reader) -> Reader:
    return lambda value, place: value if value == "" else reader(value, place)


def _db_url(value: object, place: Place) -> object:
    """Never shown in an error: there is a password in it."""
    example = "write e.g. 'mysql://user:password@host/database' or 'sqlite:////path'"
    if not isinstance(value, str):
        return expected("the URL of a database", value, place)
    try:
        database_url.parse(value)
    except ValueError as error:
        return place.wrong(f"{place}: {error}; {example}")
    return value


def _parsed(parse: Callable[[str], object], example: str) -> Reader:
    """Text that `parse` has nothing against."""

    def check(written: str) -> str:
        parse(written)
        if not written.isprintable():
            raise ValueError(f"{written!r} has what can't be printed")
        return written

    return lambda value, place: text(check, example, value, place)


def _parse_writable(written: str) -> None:
    variable, end = variables.parse(written)
    if variable.write is None or end < len(written):
        raise ValueError(f"{written!r} is nothing that can be written")


def _parse_uri(written: str) -> None:
    if sip_uri.parse(written.encode()) is None or " " in written:
        raise ValueError(f"{written!r} is no SIP URI")


def _parse_method(written: str) -> None:
    if not TOKEN.fullmatch(written.encode()):
        raise ValueError(f"{written!r} is no method")
    if written in ("INVITE", "ACK", "CANCEL"):
        raise ValueError(f"{written} is no question that ends with its answer")


def _reply_codes(value: object, place: Place) -> object:
    """See `reply_codes` for the grammar; what has no effect is told."""
    if not isinstance(value, str):
        return expected("a string like 'class=2;code=403'", value, place)
    if re.search(r"[^!-~]", value):
        return place.wrong(f"{place} is {value!r}; write it without blanks: 'class=2;code=403'")
    try:
        reply_codes.accepted(value.encode())
    except ValueError as error:
        return place.wrong(f"{place}: {error}; write e.g. 'class=2;code=403'")
    for mistake in reply_codes.mistakes(value.encode()):
        place.warn(f"{place}: {mistake}")
    return value


def _parameter(default: _T, reader: Reader, example: str, effect: str) -> _T:
    """A field of the dataclass.

    Args:
        default: what it is when nobody says otherwise.
        reader: what may be written.
        example: a value as one would write it.
        effect: what it does, for the operator.
    """
    return field(default=default, metadata={"reader": reader, "example": example, "effect": effect})


_identifier: Final = _like(_IDENTIFIER, "a name of letters, digits and underscores")
_avp: Final = _or_unset(_like(_AVP, "an AVP like '$avp(dsdst)'"))
_pvname: Final = _or_unset(_parsed(_parse_writable, "$var(setid)"))
_sip_uri: Final = _parsed(_parse_uri, "sip:proxy.example.com")


@dataclass(frozen=True, slots=True)
class DispatcherConfig:
    """``[dispatcher]``: the module's parameters, by its names and with its defaults; empty text is what is not set."""

    list_file: Path = _parameter(  # noqa: RUF009  # What it gives is a field.
        Path("/etc/kamailio/dispatcher.list"),
        file_name,
        '"dispatcher.list"',
        "File with the list of destinations; read again on SIGHUP. Not read when `db_url` is set.",
    )
    db_url: str = _parameter(
        "",
        _or_unset(_db_url),
        '"mysql://user:password@db.example.com/kamailio"',
        "Database with the list of destinations, in place of `list_file`: `mysql://`, `postgres://` or `sqlite://`; "
        "see [lists](lists.md#a-table).",
    )
    table_name: str = _parameter("dispatcher", _identifier, '"my_dispatcher"', "Table of `db_url` with the list.")
    setid_col: str = _parameter("setid", _identifier, '"groupid"', "Column with the number of the set.")
    destination_col: str = _parameter("destination", _identifier, '"uri"', "Column with the URI of a destination.")
    flags_col: str = _parameter("flags", _identifier, '"dstflags"', "Column with the flags of a destination.")
    priority_col: str = _parameter("priority", _identifier, '"dstpriority"', "Column with the priority.")
    attrs_col: str = _parameter("attrs", _identifier, '"dstattrs"', "Column with the attributes (5.6).")
    force_dst: int = _parameter(
        1,
        integer(0, 1),
        "0",
        "0: `ds_select_dst` leaves a request alone that has a destination already, and fails. The built-in route never "
        "has one before it selects.",
    )
    flags: int = _parameter(
        0,
        integer(0, 3),
        "2",
        "Sum of: 1, hashes over a URI use its user part only; 2, failover: the further destinations are tried when the "
        "first fails.",
    )
    use_default: int = _parameter(
        0,
        integer(0, 1),
        "1",
        "1: the last destination of a set (lowest priority; of equal ones the first line) is used only when no other "
        "can be, and comes last in failover.",
    )
    dst_avp: str = _parameter(
        "", _avp, '"$avp(dsdst)"', "AVP with the URIs of the failover list, the destination in use first."
    )
    grp_avp: str = _parameter(
        "", _avp, '"$avp(dsgrp)"', "AVP with the set that was selected from, one value a selection."
    )
    cnt_avp: str = _parameter("", _avp, '"$avp(dscnt)"', "AVP with the number of destinations that a selection kept.")
    dstid_avp: str = _parameter(
        "", _avp, '"$avp(dsdstid)"', "AVP with the `duid` of each destination, when call load (algorithm 10) chose."
    )
    attrs_avp: str = _parameter(
        "", _avp, '"$avp(dsattrs)"', "AVP with the attributes of each destination that has some."
    )
    sock_avp: str = _parameter(
        "", _avp, '"$avp(dssocket)"', "AVP with the local socket of each destination that has one."
    )
    hash_pvar: str = _parameter(
        "",
        _or_unset(_parsed(formats.compile, "$fU@$ci")),
        '"$fU@$ci"',
        "What algorithm 7 hashes: text with pseudo-variables.",
    )
    setid_pvname: str = _parameter(
        "",
        _pvname,
        '"$var(setid)"',
        "Variable that `ds_is_from_list()` puts the number of the set into, when it searched all sets.",
    )
    attrs_pvname: str = _parameter(
        "",
        _pvname,
        '"$var(attrs)"',
        "Variable that `ds_is_from_list()` puts the attributes of the destination into, when it has some.",
    )
    ds_ping_method: str = _parameter(
        "OPTIONS", _parsed(_parse_method, "OPTIONS"), '"INFO"', "Method of a probe; any but INVITE, ACK and CANCEL."
    )
    ds_ping_from: str = _parameter(
        "sip:dispatcher@localhost",
        _sip_uri,
        '"sip:proxy@example.com"',
        "URI in From of a probe; the attribute `ping_from` of a destination comes first.",
    )
    ds_ping_interval: int = _parameter(
        0, integer(0), "30", "Seconds between probes of a destination; 0 for no probing. See [health](health.md)."
    )
    ds_probing_threshold: int = _parameter(
        1,
        integer(0),
        "3",
        'Failures in a row after which a destination is inactive, told by `ds_mark_dst("t")` and by '
        "probes; 0 is 1. The built-in route marks nobody.",
    )
    ds_inactive_threshold: int = _parameter(
        1,
        integer(0),
        "3",
        'Successes in a row after which an inactive destination is active again, told by `ds_mark_dst("a")` and '
        "by probes; 0 is 1.",
    )
    ds_ping_reply_codes: str = _parameter(
        "",
        _or_unset(_reply_codes),
        '"class=3;code=403"',
        "Answers to a probe that are as good as a 2xx: `code=NNN` or `class=N`, joined by `;`. No answer at all counts "
        "as 408; see [health](health.md#silence).",
    )
    ds_ping_latency_stats: int = _parameter(
        0,
        integer(0, 1),
        "1",
        "1: measures how fast destinations that are marked for probing answer, for algorithm 13 and the attribute `cc` "
        "(5.6).",
    )
    ds_latency_estimator_alpha: int = _parameter(
        900,
        integer(1, 999),
        "800",
        "How much of the estimated latency is what was known before, in thousandths; the rest is the new answer (5.6).",
    )
    ds_probing_mode: int = _parameter(
        0,
        integer(0, 3),
        "1",
        "Who is probed: 0, who is marked for it (flag 8), which a result ends; 1, all; 2, who is inactive and marked; "
        "3, who is marked, and stays marked. Nobody who is disabled; see [health](health.md#who-is-probed). In mode 1 "
        "`ds_mark_dst()` without argument marks for probing too.",
    )
    ds_hash_size: int = _parameter(
        0,
        integer(0, 31),
        "8",
        "Above 0, calls are counted, for algorithm 10 (call load). In the original the number of slots of its table, "
        "as a power of two; ours grows by itself, so that it means nothing more here.",
    )
    ds_hash_expire: int = _parameter(
        7200, integer(0), "3600", "Seconds after its begin at which a call is no longer counted, if it has not ended."
    )
    ds_hash_initexpire: int = _parameter(
        7200, integer(0), "60", "The same for a call that nobody has answered: no 2xx came."
    )
    ds_hash_check_interval: int = _parameter(
        30, integer(1), "60", "Seconds between looks at which calls are past their time."
    )
    outbound_proxy: str = _parameter(
        "",
        _or_unset(_sip_uri),
        '"sip:outbound.example.com"',
        "Next hop of probes; calls never go there. The attribute `obproxy` of a destination comes first.",
    )
    ds_default_socket: str = _parameter(
        "",
        _or_unset(_like(_SOCKET, "a socket of [sip] listen, like 'udp:192.0.2.10:5060'")),
        '"udp:192.0.2.10:5060"',
        "What to send from to destinations without attribute `socket`; one of `[sip] listen`. Where it can't reach a "
        "destination (another protocol), one that can is taken.",
    )
    ds_timer_mode: int = _parameter(
        0,
        integer(0, 1),
        "1",
        "Which timer process the original uses. Here are none to choose from: it means nothing.",
    )
    ds_load_mode: int = _parameter(
        0,
        integer(0, 1),
        "1",
        "What a bad destination in the list does: 0, it is skipped with a warning; 1, the whole list is refused (5.6).",
    )
    ds_dns_mode: int = _parameter(
        1,
        integer(0, 15),
        "4",
        "Sum of 1, 2, 4, 8. With 0 or 8, names of the list match nobody in `ds_is_from_list`; with 4 they are looked "
        "up every `ds_dns_interval` seconds at the latest. 1, 2 and 8 change nothing else: names are always known "
        "ahead, with SRV; see [lists](lists.md#names) (5.6).",
    )
    ds_dns_interval: int = _parameter(
        600, integer(1), "60", "Seconds from one look-up of a name of the list to the next, with `ds_dns_mode` 4 (5.6)."
    )
    ds_dns_ttl: int = _parameter(
        0, integer(0), "60", "Seconds that an answer holds, in place of its own TTL; 0: its own (5.6)."
    )


READERS: Final[Mapping[str, Reader]] = {one.name: one.metadata["reader"] for one in fields(DispatcherConfig)}
