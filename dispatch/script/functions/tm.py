"""Module `tm`: requests seen through to their end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from dispatch.script.act import Act, Block
from dispatch.script.functions.function import FAILED, OK, Function, Kind, accepted, code
from dispatch.script.values import integer

_RF: Final = Block.REQUEST | Block.FAILURE
_RFO: Final = _RF | Block.REPLY
_RFOB: Final = _RFO | Block.BRANCH
_ROUTES: Final = {
    b"failure_route": Block.FAILURE,
    b"branch_route": Block.BRANCH,
    b"onreply_route": Block.REPLY,
    b"branch_failure_route": Block.BRANCH_FAILURE,
}


def t_relay(act: Act, host: bytes = b"", port: int | bytes = 0) -> int:
    if host:
        return _relay_to(act, host, integer(port), b"")
    return code(act.relay())


def _relay_to(act: Act, host: bytes, port: int, protocol: bytes) -> int:
    """To there for this time; where the request is told to go stays as it was."""
    before = act.destination_uri
    name = b"[%b]" % host if b":" in host and host[:1] != b"[" else host
    act.destination_uri = b"sip:" + name + (b":%d" % port if port else b"")
    act.destination_uri += b";transport=" + protocol if protocol else b""
    try:
        return code(act.relay())
    finally:
        act.destination_uri = before


def _relay_by(protocol: bytes) -> Callable[..., int]:
    def relay(act: Act, host: bytes = b"", port: int | bytes = 0) -> int:
        if host:
            return _relay_to(act, host, integer(port), protocol)
        before = act.destination_uri
        uri = re.sub(rb"(?i);transport=[^;?]*", b"", before or act.uri)
        act.destination_uri = uri + b";transport=" + protocol
        try:
            return code(act.relay())
        finally:
            act.destination_uri = before

    return relay


def t_relay_to(act: Act, proxy: bytes = b"", flags: int | bytes = 0) -> int:
    if not proxy:
        return code(act.relay())
    found = re.fullmatch(rb"(?:(udp|tcp|tls):)?(\[[^\]]+\]|[^:]+)(?::([0-9]{1,5}))?", proxy)
    if found is None:
        return FAILED
    return _relay_to(act, found[2], int(found[3] or 0), found[1] or b"")


def t_newtran(act: Act) -> int:
    return code(act.new_transaction())


def t_check_trans(act: Act) -> int:
    return code(act.is_known())


def t_lookup_cancel(act: Act, flag: int = 0) -> int:
    return code(act.method == b"CANCEL" and act.is_known())


def t_release(act: Act) -> int:
    act.release()
    return OK


def t_retransmit_reply(act: Act) -> int:
    """Copies of a request get the last reply before a script sees them."""
    return FAILED


def _arm(block: Block) -> Callable[[Act, str], int]:
    def arm(act: Act, name: str) -> int:
        act.arm(block, name)
        return OK

    return arm


def t_is_set(act: Act, what: bytes) -> int:
    block = _ROUTES.get(what)
    return code(block is not None and bool(act.armed(block)))


def t_reply(act: Act, status: int, reason: bytes) -> int:
    if not act.has_transaction:
        act.new_transaction()
    return code(act.reply(status, reason))


def t_check_status(act: Act, expression: re.Pattern[bytes]) -> int:
    status = act.status
    return code(status > 0 and expression.search(b"%d" % status) is not None)


def t_grep_status(act: Act, status: int) -> int:
    return code(any(one.status == status for one in act.branches))


def t_get_status_code(act: Act) -> int:
    return act.status or FAILED


def t_branch_timeout(act: Act) -> int:
    return code(act.branch is not None and act.branch.is_timeout)


def t_branch_replied(act: Act) -> int:
    return code(act.branch is not None and act.branch.has_replied)


def t_any_timeout(act: Act) -> int:
    return code(any(one.is_timeout for one in act.branches))


def t_any_replied(act: Act) -> int:
    return code(any(one.has_replied for one in act.branches))


def t_is_canceled(act: Act) -> int:
    return code(act.is_cancelled)


def t_is_expired(act: Act) -> int:
    return t_branch_timeout(act)


def t_set_fr(act: Act, fr_inv: int, fr: int = 0) -> int:
    act.set_timers(fr_inv / 1000 if fr_inv > 0 else None, fr / 1000 if fr > 0 else None)
    return OK


def t_reset_fr(act: Act) -> int:
    act.reset_timers()
    return OK


def t_set_disable_6xx(act: Act, on: int) -> int:
    act.extra["disable_6xx"] = on
    return OK


def t_relay_cancel(act: Act) -> int:
    if act.method != b"CANCEL" or not act.is_known():
        return OK
    act.relay()
    return 0


def t_cancel_branches(act: Act, which: bytes = b"all") -> int:
    act.cancel_branches()
    return OK


FUNCTIONS: Final = (
    Function("tm", "t_relay", t_relay, (Kind.FORMAT, Kind.NUMBER), 2, _RF, "sends the request, and sees it through"),
    Function("tm", "t_relay_to", t_relay_to, (Kind.FORMAT, Kind.NUMBER), 2, _RF, "to `proto:host:port`; flags: none"),
    Function("tm", "t_relay_to_udp", _relay_by(b"udp"), (Kind.FORMAT, Kind.NUMBER), 2, _RF, "by UDP"),
    Function("tm", "t_relay_to_tcp", _relay_by(b"tcp"), (Kind.FORMAT, Kind.NUMBER), 2, _RF, "by TCP"),
    Function("tm", "t_relay_to_tls", _relay_by(b"tls"), (Kind.FORMAT, Kind.NUMBER), 2, _RF, "by TLS"),
    Function("tm", "t_newtran", t_newtran, (), 0, Block.REQUEST, "makes the transaction, sends nothing"),
    Function("tm", "t_check_trans", t_check_trans, (), 0, _RFOB, "copies are absorbed before the script runs"),
    Function("tm", "t_lookup_request", t_check_trans, (), 0, Block.REQUEST, "as `t_check_trans`"),
    Function("tm", "t_lookup_cancel", t_lookup_cancel, (Kind.INTEGER,), 1, Block.REQUEST, "its INVITE is known"),
    Function("tm", "t_release", t_release, (), 0, Block.REQUEST, "forgets a transaction of `t_newtran`"),
    Function("tm", "t_retransmit_reply", t_retransmit_reply, (), 0, Block.REQUEST, "-1: copies don't get so far"),
    Function("tm", "t_on_failure", _arm(Block.FAILURE), (Kind.ROUTE,), 0, _RFOB, "arms a route", Block.FAILURE),
    Function("tm", "t_on_branch", _arm(Block.BRANCH), (Kind.ROUTE,), 0, _RFOB, "arms a route", Block.BRANCH),
    Function("tm", "t_on_reply", _arm(Block.REPLY), (Kind.ROUTE,), 0, _RFOB, "arms a route", Block.REPLY),
    Function("tm", "t_is_set", t_is_set, (Kind.STRING,), 0, _RFOB, "whether a route is armed"),
    Function("tm", "t_reply", t_reply, (Kind.INTEGER, Kind.FORMAT), 0, _RFO, "answers through the transaction"),
    Function("tm", "t_send_reply", t_reply, (Kind.INTEGER, Kind.FORMAT), 0, _RFO, "the same, making one if need be"),
    Function("tm", "t_check_status", t_check_status, (Kind.REGEX,), 0, _RFO, "status of the reply at hand"),
    Function("tm", "t_grep_status", t_grep_status, (Kind.INTEGER,), 0, _RFOB, "some branch got that status"),
    Function("tm", "t_get_status_code", t_get_status_code, (), 0, _RFOB, "the status as code"),
    Function("tm", "t_branch_timeout", t_branch_timeout, (), 0, Block.FAILURE, "the winner ran into its timer"),
    Function("tm", "t_branch_replied", t_branch_replied, (), 0, Block.FAILURE, "the winner has got some reply"),
    Function("tm", "t_any_timeout", t_any_timeout, (), 0, _RFOB, "some branch ran into its timer"),
    Function("tm", "t_any_replied", t_any_replied, (), 0, _RFOB, "some branch has got some reply"),
    Function("tm", "t_is_canceled", t_is_canceled, (), 0, _RFOB, "the caller sent CANCEL"),
    Function("tm", "t_is_expired", t_is_expired, (), 0, Block.FAILURE, "the winner ran into its timer"),
    Function("tm", "t_set_fr", t_set_fr, (Kind.INTEGER, Kind.INTEGER), 1, _RFOB, "timers of this request, ms"),
    Function("tm", "t_reset_fr", t_reset_fr, (), 0, _RFOB, "timers as configured"),
    Function("tm", "t_set_retr", accepted, (Kind.INTEGER, Kind.INTEGER), 0, _RFOB, "accepted, without effect"),
    Function("tm", "t_set_max_lifetime", accepted, (Kind.INTEGER, Kind.INTEGER), 0, _RFOB, "accepted, without effect"),
    Function("tm", "t_set_auto_inv_100", accepted, (Kind.INTEGER,), 0, _RFOB, "accepted: a 100 is always sent"),
    Function("tm", "t_set_disable_6xx", t_set_disable_6xx, (Kind.INTEGER,), 0, _RFOB, "1: a 6xx stops no branch"),
    Function("tm", "t_set_disable_failover", accepted, (Kind.INTEGER,), 0, _RFOB, "accepted, without effect"),
    Function("tm", "t_set_disable_internal_reply", accepted, (Kind.INTEGER,), 0, _RFOB, "accepted, without effect"),
    Function(
        "tm", "t_drop_replies", accepted, (Kind.STRING,), 1, Block.FAILURE, "accepted: tries before count no more"
    ),
    Function("tm", "t_save_lumps", accepted, (), 0, Block.REQUEST, "accepted: changes are kept anyway"),
    Function("tmx", "t_relay_cancel", t_relay_cancel, (), 0, Block.REQUEST, "CANCEL of a known INVITE ends here"),
    Function("tmx", "t_precheck_trans", t_check_trans, (), 0, Block.REQUEST, "as `t_check_trans`"),
    Function("tmx", "t_cancel_branches", t_cancel_branches, (Kind.STRING,), 1, _RFOB, "cancels who rings"),
    Function(
        "tmx", "t_is_branch_route", lambda act: code(act.block is Block.BRANCH), (), 0, Block.ALL, "kind of route"
    ),
    Function("tmx", "t_is_failure_route", lambda act: code(act.block is Block.FAILURE), (), 0, Block.ALL, "likewise"),
    Function("tmx", "t_is_reply_route", lambda act: code(act.block is Block.REPLY), (), 0, Block.ALL, "likewise"),
    Function("tmx", "t_is_request_route", lambda act: code(act.block is Block.REQUEST), (), 0, Block.ALL, "likewise"),
)
