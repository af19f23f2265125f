"""The functions of the module, by their names and with their return codes: 1 is success, what is below 0 is not.

They are thin: what they do to a request is `Request`'s. Arguments may be text, as variables are; a function fails where
one should be a number and is none.
"""

from __future__ import annotations

from typing import Final

from dispatch.balance import membership
from dispatch.balance.destination import Destination
from dispatch.script.route import Request
from dispatch.script.scene import Variable

Number = int | bytes | str

OK: Final = 1
FAILED: Final = -1
NO_NUMBER: Final = -2


def ds_select_dst(request: Request, set: Number, alg: Number, limit: Number = 0) -> int:
    """Pick a destination and send the request there, the Request-URI as it is."""
    return _select(request, set, alg, limit, "dst")


def ds_select_domain(request: Request, set: Number, alg: Number, limit: Number = 0) -> int:
    """Pick a destination and put its host and port into the Request-URI."""
    return _select(request, set, alg, limit, "domain")


def _select(request: Request, set: Number, alg: Number, limit: Number, mode: str) -> int:
    group, algorithm, most = _integer(set), _integer(alg), _integer(limit)
    if group is None or algorithm is None or most is None:
        return FAILED
    return _code(request.select(group, algorithm, mode=mode, limit=most))


def ds_next_dst(request: Request) -> int:
    """Go on to the next destination of the list."""
    return _code(request.next())


def ds_next_domain(request: Request) -> int:
    """As `ds_next_dst`, putting it into the Request-URI."""
    return _code(request.next(mode="domain"))


def ds_set_dst(request: Request) -> int:
    """Send the request to the destination in use once more (5.6)."""
    return _code(request.again())


def ds_set_domain(request: Request) -> int:
    """As `ds_set_dst`, putting it into the Request-URI (5.6)."""
    return _code(request.again(mode="domain"))


def ds_mark_dst(request: Request, state: bytes | str = b"") -> int:
    """Give the destination in use another state: see `health.marked` for the letters.

    Without letters it is inactive, and probed too where `ds_probing_mode` is 1. To be called before `ds_next_dst`.
    """
    return _code(request.mark(state if isinstance(state, bytes) else state.encode()))


def ds_load_update(request: Request) -> int:
    """Tell the call load what this request does to its call: BYE and CANCEL end it."""
    request.load_update()
    return OK


def ds_load_unset(request: Request) -> int:
    """Take the call out of the load."""
    return _code(request.load_unset())


def ds_list_exist(request: Request, set: Number) -> int:
    """Whether there is such a set, whatever the state of its members."""
    group = _integer(set)
    if group is None:
        return NO_NUMBER
    return _code(group in request.router.dispatcher.groups)


ds_list_exists: Final = ds_list_exist
"""The same, as 5.6 spells it too."""


def ds_is_active(request: Request, set: Number, uri: bytes | None = None) -> int:
    """Whether a destination of the set can be selected; with `uri`, one with exactly that URI (5.6)."""
    number = _integer(set)
    group = request.router.dispatcher.groups.get(number) if number is not None else None
    return _code(group is not None and membership.is_usable(group.members, uri))


def ds_is_from_list(
    request: Request, set: Number = membership.ALL_SETS, mode: Number | None = None, uri: bytes | None = None
) -> int:
    """Whether the request comes from a destination, or `uri` names one.

    On success `setid_pvname` gets its set, where all were searched, and `attrs_pvname` its attributes, if it has some.

    Args:
        set: which set; -1 for all.
        mode: sum of 1, any port; 2, any protocol; 4, only destinations that can be selected. 2 where it is left out.
        uri: None and empty stand for the source. The host may be a name: one that was not looked up yet is no match.
    """
    group = _integer(set)
    bits = membership.ANY_PROTOCOL if mode is None else _integer(mode)
    if group is None or bits is None:
        return FAILED
    router = request.router
    if uri:
        found = router.membership.find_uri(uri, group, bits, router.lookup)
    else:
        address, port = request.source
        found = router.membership.find(address, port, request.protocol, group, bits)
    return _tell(request, found, group) if found is not None else FAILED


def _tell(request: Request, found: Destination, group: int) -> int:
    parameters = request.router.parameters
    if parameters.setid is not None and group == membership.ALL_SETS:
        _write(request, parameters.setid, b"%d" % found.group)
    if parameters.attrs is not None and found.attrs:
        _write(request, parameters.attrs, found.attrs)
    return OK


def _write(request: Request, variable: Variable, value: bytes) -> None:
    assert variable.write is not None  # The configuration was checked.
    variable.write(request.view, value)


def ds_reload(request: Request) -> int:
    """Read the list again. It is not waited for: success is that it begins (5.6)."""
    reload = request.router.reload
    if reload is None:
        return FAILED
    reload()
    return OK


def _code(success: bool) -> int:
    return OK if success else FAILED


def _integer(value: Number) -> int | None:
    if isinstance(value, int):
        return value
    text = value.strip()
    digits = text[1:] if text[:1] in ("-", b"-") else text
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 11 else None
