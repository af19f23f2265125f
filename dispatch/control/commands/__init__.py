"""The table of commands: what every door offers, as far as a row names the door."""

from typing import Final

from dispatch.control.command import Command
from dispatch.control.commands.about import COMMANDS, VERSION
from dispatch.control.commands.amending import ADD, REMOVE
from dispatch.control.commands.cfg import (
    CFG,
    CFG_GET,
    CFG_SET,
    CFG_SET_ANY,
    CFG_SET_NOW_INT,
    CFG_SET_NOW_STRING,
    CFG_SETI,
    CFG_SETS,
)
from dispatch.control.commands.core import ECHO, PS, PSX, UPTIME
from dispatch.control.commands.counting import FETCH, FETCHN, GET_STATISTICS
from dispatch.control.commands.diff import DIFF
from dispatch.control.commands.doors import CLIENTS, CONNECTIONS, DOORS
from dispatch.control.commands.drain import DRAIN
from dispatch.control.commands.explain import EXPLAIN
from dispatch.control.commands.hashing import HASH
from dispatch.control.commands.health import HEALTH
from dispatch.control.commands.history import HISTORY
from dispatch.control.commands.info import FLAGS, INFO, RUNINFO, SOCKETS
from dispatch.control.commands.listing import LIST
from dispatch.control.commands.maintenance import MAINTENANCE
from dispatch.control.commands.ping_active import PING_ACTIVE
from dispatch.control.commands.preview import PREVIEW
from dispatch.control.commands.ready import READY
from dispatch.control.commands.reload import RELOAD
from dispatch.control.commands.reload_script import RELOAD_SCRIPT
from dispatch.control.commands.set_state import DS_SET_STATE, SET_DUID_STATE, SET_STATE
from dispatch.control.commands.system import LIST_METHODS, METHOD_HELP, METHOD_SIGNATURE, WHICH

TABLE: Final[tuple[Command, ...]] = (
    LIST,
    HEALTH,
    HISTORY,
    SET_STATE,
    SET_DUID_STATE,
    DRAIN,
    MAINTENANCE,
    READY,
    ADD,
    REMOVE,
    RELOAD,
    RELOAD_SCRIPT,
    DIFF,
    EXPLAIN,
    PREVIEW,
    PING_ACTIVE,
    CFG,
    CFG_GET,
    CFG_SET,
    CFG_SET_NOW_INT,
    CFG_SET_NOW_STRING,
    CFG_SETI,
    CFG_SETS,
    CFG_SET_ANY,
    HASH,
    VERSION,
    UPTIME,
    COMMANDS,
    PS,
    PSX,
    ECHO,
    INFO,
    FLAGS,
    RUNINFO,
    SOCKETS,
    DOORS,
    CLIENTS,
    CONNECTIONS,
    GET_STATISTICS,
    FETCH,
    FETCHN,
    LIST_METHODS,
    METHOD_HELP,
    METHOD_SIGNATURE,
    DS_SET_STATE,
    WHICH,
)
