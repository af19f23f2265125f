"""Random cases: vectors without results yet."""

from __future__ import annotations

import re
from random import Random
from typing import Any, Final

from dispatch.script import variables
from dispatch.test.differential.lists import draw_list
from dispatch.test.differential.requests import draw_request, is_taken
from dispatch.test.differential.script import CALLS
from dispatch.test.vectors.vector import Vector

# Theirs and ours draw from chance: only how often, or what follows from what, can be compared.
CHANCE: Final = (6, 9, 11)
# Where the way to a pick is the same each time; 14 and up are none that it knows. Call load has cases of its own.
CERTAIN: Final = (0, 1, 2, 3, 4, 5, 7, 8, 12, 14, 99, -1)
_ROUND_ROBIN: Final = 4
_CALL_LOAD: Final = 10
_PARALLEL: Final = 12
# With `use_default` its failover list is broken there.
_LATENCY: Final = 13
# What hash_pvar may be made of; the oracle has another port and a header more than the request in a vector.
_PIECES: Final = (
    *(f"${name}" for name in sorted(variables.PLAIN.keys() - {"sp", "su", "Ri", "Rp", "mb", "ml"})),
    "$hdr(User-Agent)",
    "$hdr(X-Test)",
    "$(hdr(X-Test)[1])",
    "$avp(x)",
    "a text",
    " ",
)
_STATES: Final = ("a", "i", "d", "t", "ap", "ip", "tp", "dp", "A", "IP", "0", "1", "2", "3", "zz", "active", "p")
# Kamailio takes credentials for broken in which a name begins like "nonce" or "realm" and goes on otherwise, most of
# the time: nothing to be followed.
_UNLIKE: Final = re.compile(r"(?im)^(?:Proxy-)?Authorization:.*(?:nonc(?!e)|real(?!m))")
_BEFORE: Final = "1 sip:10.10.10.10:5999\n"


def draw_params(random: Random) -> dict[str, Any]:
    """Parameters of the module."""
    return {
        **({"hash_pvar": "/".join(random.choices(_PIECES, k=random.randint(1, 4)))} if random.random() < 0.9 else {}),
        "flags": random.choice((0, 1, 2, 2, 2, 3, 3)),
        "use_default": random.choice((0, 0, 1)),
        "force_dst": random.choice((0, 1, 1)),
        "ds_load_mode": random.choice((0, 0, 1)),
        "ds_hash_size": 4,
        "ds_probing_threshold": random.choice((1, 1, 2, 3)),
        "ds_inactive_threshold": random.choice((1, 1, 2, 3)),
        "ds_probing_mode": random.choice((0, 1, 2, 3)),
    }


def draw_case(random: Random, params: dict[str, Any], name: str) -> Vector:
    """A case with these parameters."""
    kinds = [_sequence] * 4 + [_turns, *[_load] * 2] + [_listfile] * 2 + [_chance]
    return {"id": name, "cat": "differential", "params": params, **random.choice(kinds)(random, params)}


def _listfile(random: Random, params: dict[str, Any]) -> Vector:
    return {"type": "listfile", "before": _BEFORE, "sets": draw_list(random, odd=random.choice((0.1, 0.5, 0.9)))}


def _sequence(random: Random, params: dict[str, Any]) -> Vector:
    # With ds_load_mode 1 an odd line would leave nothing to ask about.
    text = draw_list(random, odd=0.0 if params["ds_load_mode"] else random.choice((0.0, 0.1, 0.3)))
    certain = CERTAIN if params["use_default"] else (*CERTAIN, _LATENCY)
    steps = [_step(random, text, certain) for _ in range(random.randint(1, 12))]
    return {"type": "sequence", "sets": text, "steps": steps}


def _turns(random: Random, params: dict[str, Any]) -> Vector:
    """The cursor of a small set of which now these are down, now those."""
    text = draw_list(random, odd=0.0, largest=5)
    number = _row(random, text)[0]
    steps: list[Vector] = []
    for _ in range(6):
        steps.append({"rpc": ["dispatcher.set_state", "a", number, "all"]})
        for group, uri in _rows(text):
            if group == number and random.random() < 0.7:
                steps.append({"rpc": ["dispatcher.set_state", random.choice("id"), number, uri]})
        steps += [{**_selection(random, text, (_ROUND_ROBIN,)), "set": number} for _ in range(random.randint(1, 3))]
    return {"type": "sequence", "sets": text, "steps": steps}


def _load(random: Random, params: dict[str, Any]) -> Vector:
    """Call load: a few calls that begin, fail over and end, in one set.

    There they know a call by its Call-ID alone, and of destinations with the same `duid` count on any; a reload keeps
    their table but not the numbers. We do otherwise in all of this.
    """
    text = draw_list(random, odd=0.0, largest=5, counted=True)
    call_ids = [f"{random.getrandbits(32):x}@t" for _ in range(random.randint(1, 5))]
    steps = []
    for _ in range(random.randint(2, 16)):
        kind = random.random()
        call_id = random.choice(call_ids)
        if kind < 0.55:
            step = _selection(random, text, (_CALL_LOAD,))
            method = "INVITE" if random.random() < 0.9 else None
            step["message"] = draw_request(random, odd=0.0, call_id=call_id, method=method)
        elif kind < 0.85:
            method = random.choice(("BYE", "BYE", "CANCEL", "INVITE", "ACK", "UPDATE"))
            message = draw_request(random, odd=0.0, call_id=call_id, method=method)
            step = {"op": random.choice(("load_unset", "load_unset", "load_update")), "message": message}
        else:
            step = {"rpc": ["dispatcher.set_state", random.choice(_STATES), *_address(random, text)]}
        steps.append({**step, "listing": []})
    return {"type": "sequence", "sets": text, "steps": steps}


def _step(random: Random, text: str, algorithms: tuple[int, ...]) -> Vector:
    kind = random.random()
    if kind < 0.7:
        step = _selection(random, text, algorithms)
    elif kind < 0.9:
        step = {"rpc": ["dispatcher.set_state", random.choice(_STATES), *_address(random, text)]}
    elif kind < 0.95:
        step = {"op": "exist", "set": _set(random, text), "message": _request(random, 0.0)}
    else:
        step = {"rpc": ["dispatcher.reload"]}
    return {**step, "listing": []} if random.random() < 0.3 else step


def _selection(random: Random, text: str, algorithms: tuple[int, ...]) -> Vector:
    # Round robin more often: only there one pick has to do with the next.
    algorithm = _ROUND_ROBIN if random.random() < 0.3 else random.choice(algorithms)
    # By domain it may fail half-way, with branches that are refused.
    domain = algorithm != _PARALLEL and random.random() < 0.3
    return {
        "fn": "ds_select_domain" if domain else "ds_select_dst",
        "set": _set(random, text),
        "alg": algorithm,
        "limit": random.choice((None, None, 0, 1, 2, 3, 5, -1)),
        "message": _request(random, random.choice((0.0, 0.2, 0.6))),
        "result": {"next": []},
        **({"next_calls": random.randrange(3)} if random.random() < 0.3 else {}),
        **({"predu": "sip:before.example.com"} if random.random() < 0.1 else {}),
        **({"then": random.choice(CALLS)} if random.random() < 0.2 else {}),
    }


def _chance(random: Random, params: dict[str, Any]) -> Vector:
    """Shares of the weighted algorithms, or what follows a pick of any that draws."""
    algorithm = random.choice(CHANCE)
    text = draw_list(random, odd=0.0, largest=6)
    # What was picked is told apart by its URI.
    lines = [line for line in text.splitlines(keepends=True) if line.strip()]
    text = "".join({line.split()[1].removeprefix("sip:"): line for line in lines}.values())
    chosen = {"sets": text, "set": _set(random, text), "alg": algorithm}
    if algorithm == 6 or random.random() < 0.3:
        message = _request(random, 0.0)
        return {"type": "map", **chosen, "limit": random.choice((None, 0, 1, 2)), "message": message}
    steps: list[Vector] = [{"op": "select", "n": 200}]
    for _ in range(random.randrange(3)):
        rpc = ["dispatcher.set_state", random.choice(("i", "a", "d", "t")), *_address(random, text)]
        steps += [{"op": "set_state", "rpc": rpc}, {"op": "select", "n": 200}]
    return {"type": "distribution", **chosen, "steps": steps}


def _request(random: Random, odd: float) -> str:
    while not is_taken(text := draw_request(random, odd=odd)) or _UNLIKE.search(text):
        pass
    return text


def _set(random: Random, text: str) -> int:
    """Mostly one that there is."""
    if random.random() < 0.05:
        return random.choice((0, 9, -1))
    return _row(random, text)[0]


def _address(random: Random, text: str) -> tuple[int, str]:
    number, uri = _row(random, text)
    return (number, uri) if random.random() < 0.95 else (number, "sip:nobody@10.9.9.9")


def _row(random: Random, text: str) -> tuple[int, str]:
    """Set and URI of a line that has both."""
    return random.choice(_rows(text) or [(1, "sip:nobody")])


def _rows(text: str) -> list[tuple[int, str]]:
    rows = [line.split()[:2] for line in text.splitlines()]
    return [(int(row[0]), row[1]) for row in rows if len(row) > 1 and row[0].isdigit() and len(row[0]) < 5]
