"""Where the list comes from, and its copy for bad days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from dispatch.balance import listfile
from dispatch.balance.destination import Row
from dispatch.balance.pace import gently
from dispatch.balance.roster import Roster, RosterBuilder
from dispatch.errors import ConfigErrors
from dispatch.service.config import Config
from dispatch.service.listen import local_sockets
from dispatch.source import database_url
from dispatch.source.cache import Cache
from dispatch.source.database import DatabaseSource, Table
from dispatch.source.file import FileSource
from dispatch.source.interfaces import IDestinationSource


class Start(NamedTuple):
    """What we begin with.

    Attributes:
        roster: the list.
        failed: what came instead of it from where it should have; None when it is no copy.
    """

    roster: Roster
    failed: Roster | None


def source_of(config: Config) -> IDestinationSource:
    """The database, where one is named, or the file."""
    named, sockets = config.dispatcher, local_sockets(config.sip.listen)
    strict = named.ds_load_mode == 1
    if not named.db_url:
        return FileSource(named.list_file, sockets, strict=strict)
    url = database_url.parse(named.db_url)
    if url.dialect == "sqlite":
        url = replace(url, database=str(config.path.parent / url.database))
    columns = (named.setid_col, named.destination_col, named.flags_col, named.priority_col, named.attrs_col)
    table = Table(named.table_name, columns)
    return DatabaseSource(url, table, sockets, strict=strict, timeout=config.lists.timeout)


def parse(config: Config, text: bytes) -> Roster:
    """What a list file with this text gives."""
    sockets = local_sockets(config.sip.listen)
    return listfile.parse(text, "the new list", sockets, strict=config.dispatcher.ds_load_mode == 1)


def built(config: Config, rows: Iterable[Row]) -> Roster:
    """What these rows give, in their order."""
    sockets = local_sockets(config.sip.listen)
    builder = RosterBuilder("the list in force", sockets, strict=config.dispatcher.ds_load_mode == 1)
    for row in gently(rows):
        builder.add(row)
    return builder.finish()


def cache_of(config: Config, source: IDestinationSource) -> Cache | None:
    """The copy, where one is wanted."""
    return Cache(config.lists.cache, source.name) if config.lists.cache else None


def begin(config: Config, source: IDestinationSource, cache: Cache | None) -> Start:
    """The list, or its copy when it can't be had.

    Raises:
        ConfigErrors: neither can be had.
    """
    roster = source.read()
    if not roster.errors:
        return Start(kept(roster, cache), None)
    if cache is None:
        raise ConfigErrors(roster.errors)
    copy = cache.read(local_sockets(config.sip.listen))
    if copy.errors:
        raise ConfigErrors(roster.errors + copy.errors)
    return Start(copy, roster)


def kept(roster: Roster, cache: Cache | None) -> Roster:
    """A good list, with a copy made of it; it has a warning more when that failed."""
    return roster if cache is None else replace(roster, warnings=roster.warnings + cache.save(roster))
