"""One vector at a time: set up what it was recorded on, ask, and compare everything that was recorded.

The folder's README says what the kinds and their fields mean. Nothing here looks up a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from random import Random
from typing import Any, Final

from dispatch.balance import health, listfile
from dispatch.balance.destination import Destination, LocalSocket
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.load import Calls
from dispatch.balance.selection import Selection, find_algorithm
from dispatch.errors import ParseError, UnknownDestination
from dispatch.sip import uri as sip_uri
from dispatch.sip.message import Message
from dispatch.test.vectors import statistics
from dispatch.test.vectors.replay_pv import hash_key_of, replay_is_from_list, replay_pv
from dispatch.test.vectors.vector import Mismatch, Unsupported, Vector, compare

SOCKETS: Final = (LocalSocket("udp", "127.0.0.1", 22010), LocalSocket("udp", "::1", 22010))
_SEED: Final = 5060
_CHAIN: Final = 20
_DRAWS: Final = 200_000
_MAPPED: Final = 1000
_RANDOM: Final = 6


class Request:
    """A request as the route has it: the message, and the Request-URI and where it is to go as they are by now."""

    __slots__ = ("destination_uri", "message", "uri")

    def __init__(self, text: str) -> None:
        try:
            self.message = Message(text.encode("latin-1"))
        except ParseError as error:
            raise Unsupported(f"the message is refused: {error}") from None
        self.uri = self.message.uri
        self.destination_uri: bytes | None = None

    @property
    def method(self) -> bytes:
        return self.message.method

    @property
    def call_id(self) -> bytes:
        return self.message.call_id

    def header(self, name: bytes) -> bytes | None:
        return self.message.header(name)


class Bench:
    """A dispatcher with the parameters of a vector and a freshly loaded list."""

    def __init__(self, vector: Vector, random: Random) -> None:
        params = vector["params"]
        self._strict = params.get("ds_load_mode", 0) == 1
        self._sets = vector["sets"]
        # All lists were recorded while calls were counted, though no call came.
        self._shows_load = bool(params.get("ds_hash_size")) or vector["type"] == "listfile"
        self.dispatcher = Dispatcher(
            random,
            flags=params.get("flags", 0),
            use_default=params.get("use_default", 0),
            force_dst=params.get("force_dst", 1),
            hash_key=hash_key_of(vector),
            calls=Calls(lambda: 0.0) if params.get("ds_hash_size") else None,
            probing_threshold=params.get("ds_probing_threshold", 1),
            inactive_threshold=params.get("ds_inactive_threshold", 1),
            probing_mode=params.get("ds_probing_mode", 0),
        )

    def load(self, text: str | None = None) -> bool:
        """Put a list in force, the vector's own by default; False when it is refused."""
        roster = listfile.parse(
            (self._sets if text is None else text).encode("latin-1"), "list", SOCKETS, strict=self._strict
        )
        if roster.errors:
            return False
        self.dispatcher.replace(roster, keep_state=False)
        return True

    def command(self, rpc: list[Any]) -> dict[str, object]:
        """The answer to an RPC, as recorded."""
        method, *arguments = rpc
        if method == "dispatcher.reload":
            return {"ok": True} if self.load() else _fault("Reload Failed")
        if method != "dispatcher.set_state":
            raise Unsupported(f"command {method}")
        state, group, address = arguments
        if not state:
            return _fault("Invalid State Parameter")
        try:
            flags = health.commanded(str(state).encode("latin-1"))
            if address == "all":
                self.dispatcher.set_states(group, flags)
            else:
                self.dispatcher.set_state(group, address.encode("latin-1"), flags)
        except UnknownDestination:
            return _fault("State Update Failed")
        except ValueError:
            return _fault("Unknown State Value")
        return {"ok": True}

    def listing(self) -> list[dict[str, object]]:
        """All destinations, as `dispatcher.list` shows them."""
        return [_listed(destination, self._shows_load) for destination in self.dispatcher.destinations()]


def _fault(message: str) -> dict[str, object]:
    return {"error": {"code": 500, "message": message}}


def _listed(destination: Destination, shows_load: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "set": destination.group,
        "uri": _text(destination.uri),
        "flags": health.letters(destination.flags),
        "priority": destination.priority,
    }
    if shows_load:
        row["dload"] = destination.condition.tally.calls
    if destination.attrs:
        row["attrs"] = _text(destination.attrs)
    return row


def _text(text: bytes) -> str:
    return text.decode("latin-1")


def _select(bench: Bench, step: Vector, *, walk: bool) -> dict[str, object]:
    """One selection, and what became of the request."""
    domain = step["fn"] == "ds_select_domain"
    before = step.get("predu")
    request = Request(step["message"])
    request.destination_uri = before.encode("latin-1") if before is not None else None
    selection = bench.dispatcher.select(
        request,
        step["set"],
        find_algorithm(step["alg"]),
        step["limit"] or 0,
        domain=domain,
        has_destination=before is not None,
    )
    destination = before
    if selection is not None and domain:
        request.uri = selection.rewritten or request.uri
    elif selection is not None:
        destination = _text(selection.destination.uri)
    good = selection is not None and not selection.has_failed
    result: dict[str, object] = {
        "ok": good,
        "rc": 1 if good else -1,
        "du": destination,
        "ru": _readable(request.uri),
        "list": [] if selection is None else [_text(record.uri) for record in selection.records],
        "cnt": None if selection is None else selection.count,
    }
    if walk:
        calls = step.get("next_calls", _CHAIN)
        result["next"] = [] if selection is None else list(_walk(selection, request if domain else None, calls))
    if "then" in step:
        result |= _then(bench, step["then"], request, selection)
    return result


def _then(bench: Bench, call: str, request: Request, selection: Selection | None) -> dict[str, object]:
    """The return code of a function that was called behind the selection."""
    found = re.fullmatch(r'(\w+)(?:\((?:"(.*)")?\))?', call)
    if found is None:
        raise Unsupported(call)
    name, argument = found.groups("")
    if name == "ds_load_unset":
        is_invite = request.method == b"INVITE"
        done = bench.dispatcher.load_unset(request.call_id, selection=selection, is_invite=is_invite)
        return {"unset_rc": 1 if done else -1}
    if name != "ds_mark_dst":
        raise Unsupported(call)
    marked = None
    record = selection.record if selection is not None else None
    if record is not None:
        with suppress(ValueError):
            marked = bench.dispatcher.mark(record.group, record.uri, argument.encode("latin-1"))
    return {"mark_rc": 1 if marked is not None else -1}


def _readable(uri: bytes) -> str:
    return _text(uri) if sip_uri.parse(uri) is not None else ""


def _walk(selection: Selection, request: Request | None, calls: int) -> Iterator[str]:
    """What `ds_next_dst`, or `ds_next_domain` on `request`, gave until it failed, or was called so often."""
    for _ in range(calls):
        destination = selection.next(request.uri if request is not None else None)
        if destination is None:
            return
        if request is None:
            yield _text(destination.uri)
            continue
        assert selection.rewritten is not None
        request.uri = selection.rewritten
        if _readable(request.uri):
            yield _text(request.uri)


def _loaded(vector: Vector, random: Random) -> Bench:
    bench = Bench(vector, random)
    bench.load()
    return bench


def replay_select(vector: Vector, random: Random) -> list[Mismatch]:
    """One selection on a fresh list, after the states were set."""
    bench = _loaded(vector, random)
    for state, group, uri in vector.get("states", ()):
        bench.command(["dispatcher.set_state", state, group, uri])
    return compare(vector["result"], _select(bench, vector, walk="next" in vector["result"]))


def replay_sequence(vector: Vector, random: Random) -> list[Mismatch]:
    """Step by step on one list."""
    bench = _loaded(vector, random)
    found: list[Mismatch] = []
    for number, step in enumerate(vector["steps"]):
        where = f"step {number} "
        found += compare(step["result"], _step(bench, step), where)
        if "listing" in step and step["listing"] != (listing := bench.listing()):
            found.append(Mismatch(where, "listing", step["listing"], listing))
    return found


def _step(bench: Bench, step: Vector) -> dict[str, object]:
    if "rpc" in step:
        return bench.command(step["rpc"])
    if "fn" in step:
        return _select(bench, step, walk="next" in step["result"])
    if step.get("op") == "exist":
        return {"rc": 1 if step["set"] in bench.dispatcher.groups else -1}
    if step.get("op") in ("load_update", "load_unset"):
        return {"rc": 1 if _load(bench, step["op"], Message(step["message"].encode("latin-1"))) else -1}
    raise Unsupported(f"operation {step.get('op')}")


def _load(bench: Bench, operation: str, message: Message) -> bool:
    """A function that says what became of a call, in a route of its own."""
    if operation == "load_unset":
        return bench.dispatcher.load_unset(message.call_id, is_invite=message.method == b"INVITE")
    bench.dispatcher.load_update(message.call_id, message.cseq[1], message.status)
    return True


def replay_listfile(vector: Vector, random: Random) -> list[Mismatch]:
    """A reload, and what is in force after it."""
    bench = Bench(vector, random)
    bench.load(vector["before"])
    if bench.load():
        return compare(vector["result"], {"ok": True, "records": bench.listing()})
    kept = {"ok": False, "records": [], **_fault("Reload Failed"), "records_kept": bench.listing()}
    return compare(vector["result"], kept)


def replay_map(vector: Vector, random: Random) -> list[Mismatch]:
    """The failover list of each destination that can be picked; all that were seen, and no other."""
    bench = _loaded(vector, random)
    step = {"fn": "ds_select_dst", **vector}
    got: dict[str, object] = {}
    for _ in range(_MAPPED):
        result = _select(bench, step, walk=False)
        got[str(result["du"] or "none")] = {"list": result["list"], "cnt": result["cnt"]}
    return compare(vector["result"], got)


def replay_distribution(vector: Vector, random: Random) -> list[Mismatch]:
    """How often each destination is picked: exactly as recorded where 100 slots decide it.

    Where chance does, recorded sample and our own are held against the shares that the rules give; ours is drawn far
    larger and judged by pairs of picks in a row too, so that neither an uneven source passes nor one that only walks in
    a circle.
    """
    bench = _loaded(vector, random)
    judge = _distribution if vector["alg"] == _RANDOM else _slots
    found: list[Mismatch] = []
    for number, step in enumerate(vector["steps"]):
        if step["op"] == "set_state":
            bench.command(step["rpc"])
        else:
            found += judge(bench, vector, step, f"step {number} ")
    return found


def _slots(bench: Bench, vector: Vector, step: Vector, where: str) -> list[Mismatch]:
    picks = list(_draw(bench, vector, step["n"]))
    hundreds = [Counter(picks[at : at + 100]) for at in range(0, step["n"], 100)]
    got = {
        "counts": dict(Counter(picks)),
        "first_100": dict(hundreds[0]),
        "every_100_same": all(one == other for one, other in pairwise(hundreds)),
    }
    return compare({field: step[field] for field in got}, got, where)


def _distribution(bench: Bench, vector: Vector, step: Vector, where: str) -> list[Mismatch]:
    members = bench.dispatcher.groups[vector["set"]].members
    shares = _shares(members, bool(vector["params"].get("use_default")))
    picks = list(_draw(bench, vector, max(_DRAWS, step["n"])))
    hundreds = [Counter(picks[at : at + 100]) for at in range(0, step["n"], 100)]
    pairs = Counter(zip(picks[::2], picks[1::2], strict=True))
    judged = {
        "counts as recorded": statistics.fits(step["counts"], shares),
        "counts": statistics.fits(Counter(picks), shares),
        "pairs": statistics.fits(
            pairs, {(one, other): p * q for one, p in shares.items() for other, q in shares.items()}
        ),
        "n": sum(step["counts"].values()) == step["n"],
        "first_100": sum(step["first_100"].values()) == 100 and hundreds[0].keys() <= step["counts"].keys(),
    }
    found = [
        Mismatch(where, field, "a fair sample", dict(Counter(picks))) for field, good in judged.items() if not good
    ]
    same = all(one == other for one, other in pairwise(hundreds))
    if same != step["every_100_same"]:
        found.append(Mismatch(where, "every_100_same", step["every_100_same"], same))
    return found


def _draw(bench: Bench, vector: Vector, count: int) -> Iterator[Hashable]:
    algorithm = find_algorithm(vector["alg"])
    request = Request("OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n")
    for _ in range(count):
        selection = bench.dispatcher.select(request, vector["set"], algorithm)
        yield "none" if selection is None else _text(selection.destination.uri)


def _shares(members: tuple[Destination, ...], use_default: bool) -> dict[Hashable, float]:
    """Share of each destination when every member but the default is picked equally often: the rules, put plainly."""
    last = len(members) - 1
    size = last if use_default and last else last + 1
    shares: dict[Hashable, float] = {}
    for start in range(size):
        way = [members[(start + step) % size] for step in range(size)]
        if size == last:
            way.append(members[last])
        usable = [_text(member.uri) for member in way if not member.flags & health.SKIPPED]
        taken = usable[0] if usable else "none"
        shares[taken] = shares.get(taken, 0.0) + 1 / size
    return shares


KINDS: Final[Mapping[str, Callable[[Vector, Random], list[Mismatch]]]] = {
    "select": replay_select,
    "sequence": replay_sequence,
    "listfile": replay_listfile,
    "map": replay_map,
    "distribution": replay_distribution,
    "pv": replay_pv,
    "is_from_list": replay_is_from_list,
}


def replay(vector: Vector, random: Random | None = None) -> list[str]:
    """What did not come out as recorded, a line each; empty when the vector passes.

    Args:
        vector: as read from its line.
        random: where chance comes from; always the same by default.
    """
    try:
        kind = KINDS.get(vector["type"])
        if kind is None:
            return [f"kind {vector['type']!r} is not supported yet"]
        return [str(mismatch) for mismatch in kind(vector, random or Random(_SEED))]
    except Unsupported as error:
        return [f"not supported yet: {error}"]
    except Exception as error:  # One vector must not keep the others from being counted.
        return [f"{type(error).__name__}: {error}"]
