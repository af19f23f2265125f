"""Module `sl`: replies of our own."""

from __future__ import annotations

from typing import Final

from dispatch.script.act import Act, Block
from dispatch.script.functions.function import OK, Function, Kind, code

_RF: Final = Block.REQUEST | Block.FAILURE


def send_reply(act: Act, status: int, reason: bytes) -> int:
    return code(act.reply(status, reason))


def sl_reply_error(act: Act) -> int:
    return code(act.reply_error())


def sl_forward_reply(act: Act, status: int = 0, reason: bytes = b"") -> int:
    """The reply goes on when the route ends anyway."""
    if status:
        act.set_status(status, reason)
    return OK


FUNCTIONS: Final = (
    Function("sl", "sl_send_reply", send_reply, (Kind.INTEGER, Kind.FORMAT), 0, _RF, "answers; nothing to an ACK"),
    Function("sl", "send_reply", send_reply, (Kind.INTEGER, Kind.FORMAT), 0, _RF | Block.REPLY, "answers"),
    Function("sl", "sl_reply_error", sl_reply_error, (), 0, _RF, "answers by the last error"),
    Function("sl", "send_reply_error", sl_reply_error, (), 0, _RF, "the same"),
    Function(
        "sl",
        "sl_forward_reply",
        sl_forward_reply,
        (Kind.INTEGER, Kind.FORMAT),
        2,
        Block.ANY_REPLY,
        "changes the status",
    ),
)
