"""Modules `kex` and `corex`: where a request goes, branch and script flags, parallel branches."""

from __future__ import annotations

from typing import Final

from dispatch.script.act import Act, Block
from dispatch.script.functions.core import append_branch, force_send_socket
from dispatch.script.functions.function import OK, Function, Kind, code

_RF: Final = Block.REQUEST | Block.FAILURE
_RFB: Final = _RF | Block.BRANCH


def setdsturi(act: Act, uri: bytes) -> int:
    act.destination_uri = uri
    return OK


def resetdsturi(act: Act) -> int:
    act.destination_uri = None
    return OK


def isdsturiset(act: Act) -> int:
    return code(act.destination_uri is not None)


def setbflag(act: Act, flag: int, branch: int = 0) -> int:
    if branch:
        act.asides[branch - 1].flags |= 1 << flag
    else:
        act.branch_flags |= 1 << flag
    return OK


def resetbflag(act: Act, flag: int, branch: int = 0) -> int:
    if branch:
        act.asides[branch - 1].flags &= ~(1 << flag)
    else:
        act.branch_flags &= ~(1 << flag)
    return OK


def isbflagset(act: Act, flag: int, branch: int = 0) -> int:
    flags = act.asides[branch - 1].flags if branch else act.branch_flags
    return code(bool(flags >> flag & 1))


def setsflag(act: Act, flag: int) -> int:
    act.stage.flags |= 1 << flag
    return OK


def resetsflag(act: Act, flag: int) -> int:
    act.stage.flags &= ~(1 << flag)
    return OK


def issflagset(act: Act, flag: int) -> int:
    return code(bool(act.stage.flags >> flag & 1))


def is_myself(act: Act, uri: bytes) -> int:
    return code(act.is_myself(uri))


def setdebug(act: Act, level: int) -> int:
    act.extra["level"] = act.stage.level
    act.stage.level = level
    return OK


def resetdebug(act: Act) -> int:
    level = act.extra.pop("level", act.stage.level)
    assert isinstance(level, int)
    act.stage.level = level
    return OK


_FLAGS: Final = (Kind.FLAG, Kind.INTEGER)
FUNCTIONS: Final = (
    Function("kex", "setdsturi", setdsturi, (Kind.FORMAT,), 0, _RFB, "where the request goes (`$du`)"),
    Function("kex", "resetdsturi", resetdsturi, (), 0, _RFB, "nowhere but where its Request-URI says"),
    Function("kex", "isdsturiset", isdsturiset, (), 0, _RFB, "whether somebody said"),
    Function("kex", "setbflag", setbflag, _FLAGS, 1, help="branch flag 0 to 31"),
    Function("kex", "resetbflag", resetbflag, _FLAGS, 1, help="takes it back"),
    Function("kex", "isbflagset", isbflagset, _FLAGS, 1, help="whether it is set"),
    Function("kex", "setsflag", setsflag, (Kind.FLAG,), help="script flag, one for all requests"),
    Function("kex", "resetsflag", resetsflag, (Kind.FLAG,), help="takes it back"),
    Function("kex", "issflagset", issflagset, (Kind.FLAG,), help="whether it is set"),
    Function("kex", "is_myself", is_myself, (Kind.FORMAT,), help="host and port of a URI are ours"),
    Function("kex", "setdebug", setdebug, (Kind.INTEGER,), help="level of the log, for all requests"),
    Function("kex", "resetdebug", resetdebug, help="as it was before `setdebug`"),
    Function("corex", "append_branch", append_branch, (Kind.FORMAT, Kind.FORMAT), 2, _RF, "a parallel branch"),
    Function("corex", "set_send_socket", force_send_socket, (Kind.FORMAT,), 0, _RFB, "what to send from"),
)
