"""What is there without a module: forwarding without memory, flags, the Request-URI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dispatch.balance.destination import find_socket
from dispatch.script.act import Act, Block
from dispatch.script.act_variables import written
from dispatch.script.functions.function import FAILED, OK, Function, Kind, accepted, code
from dispatch.script.functions.xlog import level_of, write
from dispatch.script.values import integer
from dispatch.sip import uri as sip_uri

_RFB: Final = Block.REQUEST | Block.FAILURE | Block.BRANCH
_RF: Final = Block.REQUEST | Block.FAILURE


# --- forwarding


def _forward_by(protocol: bytes) -> Callable[..., int]:
    def forward(act: Act, host: bytes = b"", port: int | bytes = 0) -> int:
        name, colon, behind = host.rpartition(b":")
        if colon and behind.isdigit() and not port and b":" not in name.strip(b"[]"):
            return code(act.forward(name, int(behind), protocol))
        return code(act.forward(host, integer(port), protocol))

    return forward


def force_rport(act: Act) -> int:
    act.force_rport()
    return OK


def force_send_socket(act: Act, socket: bytes) -> int:
    try:
        act.socket = find_socket(socket, act.stage.sockets)
    except ValueError:
        return FAILED
    return OK


def append_branch(act: Act, uri: bytes = b"", q: bytes = b"") -> int:
    return code(act.append_branch(uri or None, None if uri else act.destination_uri, _q(q)))


def _q(text: bytes) -> int:
    try:
        return int(float(text) * 1000) if text else -1
    except ValueError:
        return -1


def clear_branches(act: Act) -> int:
    act.asides.clear()
    return OK


def remove_branch(act: Act, index: int) -> int:
    if not 0 <= index < len(act.asides):
        return FAILED
    del act.asides[index]
    return OK


# --- flags


def setflag(act: Act, flag: int) -> int:
    act.flags |= 1 << flag
    return OK


def resetflag(act: Act, flag: int) -> int:
    act.flags &= ~(1 << flag)
    return OK


def isflagset(act: Act, flag: int) -> int:
    return code(bool(act.flags >> flag & 1))


# --- the Request-URI


def _changing(change: Callable[[sip_uri.Uri, bytes], None]) -> Callable[[Act, bytes], int]:
    def do(act: Act, value: bytes | int) -> int:
        uri = sip_uri.parse(act.uri)
        if uri is None:
            return FAILED
        change(uri, value if isinstance(value, bytes) else b"%d" % value)
        act.uri = written(uri)
        return OK

    return do


def _host(uri: sip_uri.Uri, value: bytes) -> None:
    uri.host = value


def _port(uri: sip_uri.Uri, value: bytes) -> None:
    uri.port = value or None


def _host_port(uri: sip_uri.Uri, value: bytes) -> None:
    host, colon, port = value.rpartition(b":")
    if colon and port.isdigit() and (b":" not in host or host[:1] == b"["):
        uri.host, uri.port = host, port
    else:
        uri.host, uri.port = value, None


def _user(uri: sip_uri.Uri, value: bytes) -> None:
    uri.user = value or None
    if not value:
        uri.password = None


def _user_password(uri: sip_uri.Uri, value: bytes) -> None:
    user, colon, password = value.partition(b":")
    uri.user, uri.password = user or None, password if colon else None


def _prefix(uri: sip_uri.Uri, value: bytes) -> None:
    uri.user = value + (uri.user or b"")


def _strip(uri: sip_uri.Uri, value: bytes) -> None:
    uri.user = (uri.user or b"")[integer(value) :]


def _strip_tail(uri: sip_uri.Uri, value: bytes) -> None:
    user = uri.user or b""
    uri.user = user[: max(len(user) - integer(value), 0)]


change_user: Final = _changing(_user)


def userphone(act: Act) -> int:
    uri = sip_uri.parse(act.uri)
    if uri is None:
        return FAILED
    if sip_uri.param(uri, b"user") is None:
        uri.params = uri.params + b";user=phone" if uri.params else b"user=phone"
        act.uri = written(uri)
    return OK


def rewriteuri(act: Act, uri: bytes) -> int:
    act.uri = uri
    return OK


def revert_uri(act: Act) -> int:
    act.uri = act.message.uri
    return OK


def log(act: Act, *arguments: bytes | int) -> int:
    """``log([level,] "text")``: the text as it is."""
    text = arguments[-1]
    level = level_of(arguments[0]) if len(arguments) > 1 else 0
    return write(act, level, text if isinstance(text, bytes) else b"%d" % text)


_F, _N = Kind.FORMAT, Kind.NUMBER
_URI: Final[tuple[tuple[tuple[str, ...], Callable[[Act, bytes], int], str], ...]] = (
    (("rewritehost", "sethost"), _changing(_host), "host of the Request-URI"),
    (("rewriteport", "setport"), _changing(_port), "its port"),
    (("rewritehostport", "sethostport"), _changing(_host_port), "both"),
    (("rewriteuser", "setuser"), change_user, "its user"),
    (("rewriteuserpass", "setuserpass"), _changing(_user_password), "its user and password"),
    (("rewriteuri", "seturi"), rewriteuri, "all of it"),
    (("prefix",), _changing(_prefix), "in front of its user"),
)
FUNCTIONS: Final = (
    Function("core", "forward", _forward_by(b""), (_F, _N), 2, _RF, "sends the request on, and forgets it"),
    Function("core", "forward_udp", _forward_by(b"udp"), (_F, _N), 2, _RF, "by UDP"),
    Function("core", "forward_tcp", _forward_by(b"tcp"), (_F, _N), 2, _RF, "by TCP"),
    Function("core", "forward_tls", _forward_by(b"tls"), (_F, _N), 2, _RF, "by TLS"),
    Function("core", "force_rport", force_rport, (), 0, Block.REQUEST, "answers go to the source"),
    Function("core", "add_rport", force_rport, (), 0, Block.REQUEST, "the same"),
    Function("core", "add_local_rport", accepted, (), 0, Block.ALL, "accepted, without effect"),
    Function("core", "force_send_socket", force_send_socket, (Kind.STRING,), 0, _RFB, "what to send from"),
    Function("core", "force_tcp_alias", accepted, (Kind.INTEGER,), 1, Block.ALL, "accepted; see `tcp_alias`"),
    Function("core", "add_tcp_alias", accepted, (Kind.INTEGER,), 1, Block.ALL, "accepted; see `tcp_alias`"),
    Function("core", "clear_branches", clear_branches, (), 0, _RF, "takes those of `append_branch` back"),
    Function("core", "remove_branch", remove_branch, (Kind.INTEGER,), 0, _RF, "one of them"),
    Function("core", "setflag", setflag, (Kind.FLAG,), help="message flag 0 to 31, or a name"),
    Function("core", "resetflag", resetflag, (Kind.FLAG,), help="takes it back"),
    Function("core", "isflagset", isflagset, (Kind.FLAG,), help="whether it is set"),
    *(Function("core", name, call, (_F,), 0, _RFB, text) for names, call, text in _URI for name in names),
    Function("core", "strip", _changing(_strip), (_N,), 0, _RFB, "letters off the front of the user"),
    Function("core", "strip_tail", _changing(_strip_tail), (_N,), 0, _RFB, "letters off its end"),
    Function("core", "userphone", userphone, (), 0, _RFB, "`user=phone`"),
    Function("core", "revert_uri", revert_uri, (), 0, _RFB, "the Request-URI as it came"),
    Function("core", "log", log, (Kind.STRING, Kind.STRING), 1, help="a line for the log, as it is"),
)
