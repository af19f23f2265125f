"""Modules `textops` and `textopsx`: headers and body."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from dispatch.script import variables
from dispatch.script.act import Act, Block
from dispatch.script.functions.function import FAILED, OK, Function, Kind, code
from dispatch.script.kamailio.posix import Substitution
from dispatch.sip.reader import COMPACT

_RFB: Final = Block.REQUEST | Block.FAILURE | Block.BRANCH


def is_method(act: Act, methods: bytes) -> int:
    return code(act.method in _methods(methods))


@lru_cache(maxsize=256)
def _methods(methods: bytes) -> frozenset[bytes]:
    return frozenset(one.strip() for one in methods.split(b"|"))


def append_hf(act: Act, lines: bytes, after: bytes = b"") -> int:
    return code(act.append_header(lines, after))


def insert_hf(act: Act, lines: bytes, before: bytes = b"") -> int:
    return code(act.insert_header(lines, before))


def remove_hf(act: Act, name: bytes) -> int:
    return code(act.remove_header(name) > 0)


def remove_hf_re(act: Act, name: re.Pattern[bytes]) -> int:
    return code(act.remove_header(name) > 0)


def remove_hf_exp(act: Act, match: re.Pattern[bytes], skip: re.Pattern[bytes]) -> int:
    count = 0
    for name in _names(act):
        if match.search(name) is not None and skip.search(name) is None:
            count += act.remove_header(name)
    return code(count > 0)


def keep_hf(act: Act, keep: re.Pattern[bytes]) -> int:
    for name in _names(act):
        if name not in _NEEDED and keep.search(name) is None:
            act.remove_header(name)
    return OK


_NEEDED: Final = frozenset(
    (b"via", b"from", b"to", b"call-id", b"cseq", b"contact", b"route", b"record-route", b"max-forwards")
    + (b"content-type", b"content-length")
)


def _names(act: Act) -> set[bytes]:
    return {line.name for line in act.message.reader.lines if line.name}


def is_present_hf(act: Act, name: bytes) -> int:
    name = name.strip().lower()
    return code(bool(act.message.reader.spans(COMPACT.get(name, name))))


def is_present_hf_re(act: Act, name: re.Pattern[bytes]) -> int:
    return code(any(name.search(one) is not None for one in _names(act)))


def append_to_reply(act: Act, lines: bytes) -> int:
    act.append_to_reply(lines)
    return OK


@lru_cache(maxsize=256)
def _substitution(text: bytes) -> Substitution:
    return Substitution(text)


def subst_hf(act: Act, name: bytes, expression: bytes, which: bytes = b"a") -> int:
    substitution, raw = _substitution(expression), act.message.raw
    name = name.strip().lower()
    lines = act.message.reader.spans(COMPACT.get(name, name))
    chosen = lines[:1] if which == b"f" else lines[-1:] if which == b"l" else lines
    total = 0
    for line in chosen:
        value, count = substitution.apply(raw[line.value : line.stop])
        if count:
            act.replace(line.value, line.stop, value)
            total += count
    return code(total > 0)


def subst_uri(act: Act, expression: bytes) -> int:
    act.uri, count = _substitution(expression).apply(act.uri)
    return code(count > 0)


def subst_user(act: Act, expression: bytes) -> int:
    from dispatch.script.functions.core import change_user

    value = variables.PLAIN["rU"].read(act)
    user, count = _substitution(expression).apply(value if isinstance(value, bytes) else b"")
    if count:
        change_user(act, user)
    return code(count > 0)


def subst_body(act: Act, expression: bytes) -> int:
    body, count = _substitution(expression).apply(act.message.body)
    if count:
        act.set_body(body)
    return code(count > 0)


def search(act: Act, expression: re.Pattern[bytes]) -> int:
    return code(expression.search(act.message.raw) is not None)


def search_body(act: Act, expression: re.Pattern[bytes]) -> int:
    return code(expression.search(act.message.body) is not None)


def replace_body(act: Act, expression: re.Pattern[bytes], text: bytes) -> int:
    body, count = expression.subn(lambda found: text, act.message.body, 1)
    if count:
        act.set_body(body)
    return code(count > 0)


def set_body(act: Act, text: bytes, content_type: bytes) -> int:
    act.set_body(text, content_type)
    return OK


def remove_body(act: Act) -> int:
    act.set_body(b"")
    return OK


def set_reply_body(act: Act, text: bytes, content_type: bytes) -> int:
    (act.origin or act).reply_body = text
    act.append_to_reply(b"Content-Type: %b\r\n" % content_type)
    return OK


def has_body(act: Act, content_type: bytes = b"") -> int:
    if not act.message.body:
        return FAILED
    wanted, found = content_type.lower(), (act.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    return code(not wanted or wanted == found)


def in_list(act: Act, text: bytes, among: bytes, between: bytes) -> int:
    return code(text in [one.strip() for one in among.split(between[:1] or b",")])


def cmp_str(act: Act, left: bytes, right: bytes) -> int:
    return code(left == right)


def cmp_istr(act: Act, left: bytes, right: bytes) -> int:
    return code(left.lower() == right.lower())


def starts_with(act: Act, text: bytes, prefix: bytes) -> int:
    return code(text.startswith(prefix))


def ends_with(act: Act, text: bytes, suffix: bytes) -> int:
    return code(text.endswith(suffix))


def msg_apply_changes(act: Act) -> int:
    act.apply_changes()
    return OK


def change_reply_status(act: Act, status: int, reason: bytes) -> int:
    act.set_status(status, reason)
    return OK


_F, _S, _R = Kind.FORMAT, Kind.STRING, Kind.REGEX
_RO: Final = Block.REQUEST | Block.REPLY | Block.ANY_REPLY
FUNCTIONS: Final = (
    Function("textops", "is_method", is_method, (_S,), help="`A|B`; of a reply the method of CSeq"),
    Function("textops", "append_hf", append_hf, (_F, _F), 1, help="behind the last header, or that one"),
    Function("textops", "insert_hf", insert_hf, (_F, _F), 1, help="before the first header, or that one"),
    Function("textops", "remove_hf", remove_hf, (_F,), help="all of that name"),
    Function("textops", "remove_hf_re", remove_hf_re, (_R,), help="by name"),
    Function("textops", "remove_hf_exp", remove_hf_exp, (_R, _R), help="by name, but for some"),
    Function("textops", "is_present_hf", is_present_hf, (_F,), help="in the message as it came"),
    Function("textops", "is_present_hf_re", is_present_hf_re, (_R,), help="in the message as it came"),
    Function("textops", "append_to_reply", append_to_reply, (_F,), 0, _RFB, help="in replies that we make"),
    Function("textops", "subst_hf", subst_hf, (_S, _S, _S), 1, help="in the values of a header"),
    Function("textops", "subst_uri", subst_uri, (_S,), 0, _RFB, help="in the Request-URI"),
    Function("textops", "subst_user", subst_user, (_S,), 0, _RFB, help="in its user"),
    Function("textops", "subst_body", subst_body, (_S,), help="in the body"),
    Function("textops", "search", search, (_R,), help="in the message"),
    Function("textops", "search_body", search_body, (_R,), help="in the body"),
    Function("textops", "replace_body", replace_body, (_R, _S), help="the first match in the body"),
    Function("textops", "set_body", set_body, (_F, _F), help="another body, with its length and type"),
    Function("textops", "set_reply_body", set_reply_body, (_F, _F), 0, _RFB, help="for replies that we make"),
    Function("textops", "has_body", has_body, (_S,), 1, help="of that type"),
    Function("textops", "in_list", in_list, (_F, _F, _S), help="a word among others"),
    Function("textops", "cmp_str", cmp_str, (_F, _F), help="the same text"),
    Function("textops", "cmp_istr", cmp_istr, (_F, _F), help="the same text, case aside"),
    Function("textops", "starts_with", starts_with, (_F, _F), help="begins with it"),
    Function("textops", "ends_with", ends_with, (_F, _F), help="ends with it"),
    Function("textopsx", "msg_apply_changes", msg_apply_changes, (), 0, _RO, help="changes show from here on"),
    Function("textopsx", "change_reply_status", change_reply_status, (Kind.INTEGER, _F), 0, _RO, help="of a reply"),
    Function("textopsx", "remove_body", remove_body, help="no body"),
    Function("textopsx", "keep_hf", keep_hf, (_R,), help="removes all others but those that are needed"),
)
