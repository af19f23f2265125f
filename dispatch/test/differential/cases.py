"""Random cases: vectors without results yet."""

from __future__ import annotations

import re
from random import Random
from typing import Any, Final

from dispatch.balance.algorithms import BY_NUMBER
from dispatch.errors import ParseError
from dispatch.sip.message import Message
from dispatch.test.differential.lists import draw_list
from dispatch.test.differential.requests import draw_request
from dispatch.test.vectors.replay import Vector

# Theirs and ours draw from chance: only how often, or what follows from what, can be compared.
CHANCE: Final = (6, 9, 11)
# Where the way to a pick is the same each time.
CERTAIN: Final = tuple(number for number in (0, 1, 2, 3, 4, 5, 7, 8, 10) if number in BY_NUMBER)
_ROUND_ROBIN: Final = 4
_STATES: Final = ("a", "i", "d", "t", "ap", "ip", "tp", "dp", "A", "IP", "0", "1", "2", "3", "zz", "active", "p")
# Kamailio takes credentials for broken in which a name begins like "nonce" or "realm" and goes on otherwise, most of
# the time: nothing to be followed.
_UNLIKE: Final = re.compile(r"(?im)^(?:Proxy-)?Authorization:.*(?:nonc(?!e)|real(?!m))")
_BEFORE: Final = "1 sip:10.10.10.10:5999\n"


def draw_params(random: Random) -> dict[str, Any]:
    """Parameters of the module."""
    return {
        "flags": random.choice((0, 1, 2, 2, 2, 3, 3)),
        "use_default": random.choice((0, 0, 1)),
        "force_dst": random.choice((0, 1, 1)),
        "ds_load_mode": random.choice((0, 0, 1)),
        "ds_hash_size": 4,
    }


def draw_case(random: Random, params: dict[str, Any], name: str) -> Vector:
    """A case with these parameters."""
    kinds = [_sequence] * 7 + [_listfile] * 2 + [_chance] * bool(set(CHANCE) & BY_NUMBER.keys())
    return {"id": name, "cat": "differential", "params": params, **random.choice(kinds)(random, params)}


def _listfile(random: Random, params: dict[str, Any]) -> Vector:
    return {"type": "listfile", "before": _BEFORE, "sets": draw_list(random, odd=random.choice((0.1, 0.5, 0.9)))}


def _sequence(random: Random, params: dict[str, Any]) -> Vector:
    # With ds_load_mode 1 an odd line would leave nothing to ask about.
    text = draw_list(random, odd=0.0 if params["ds_load_mode"] else random.choice((0.0, 0.1, 0.3)))
    steps = [_step(random, text) for _ in range(random.randint(1, 12))]
    return {"type": "sequence", "sets": text, "steps": steps}


def _step(random: Random, text: str) -> Vector:
    kind = random.random()
    if kind < 0.7:
        step = _selection(random, text)
    elif kind < 0.9:
        step = {"rpc": ["dispatcher.set_state", random.choice(_STATES), *_address(random, text)]}
    elif kind < 0.95:
        step = {"op": "exist", "set": _set(random, text), "message": _request(random, 0.0)}
    else:
        step = {"rpc": ["dispatcher.reload"]}
    return {**step, "listing": []} if random.random() < 0.3 else step


def _selection(random: Random, text: str) -> Vector:
    # Round robin more often: only there one pick has to do with the next.
    algorithm = _ROUND_ROBIN if random.random() < 0.3 else random.choice(CERTAIN)
    return {
        "fn": random.choice(("ds_select_dst", "ds_select_dst", "ds_select_domain")),
        "set": _set(random, text),
        "alg": algorithm,
        "limit": random.choice((None, None, 0, 1, 2, 3, 5, -1)),
        "message": _request(random, random.choice((0.0, 0.2, 0.6))),
        "result": {"next": []},
        **({"predu": "sip:before.example.com"} if random.random() < 0.1 else {}),
    }


def _chance(random: Random, params: dict[str, Any]) -> Vector:
    """Shares of the weighted algorithms, or what follows a pick of any that draws."""
    algorithm = random.choice([number for number in CHANCE if number in BY_NUMBER])
    text = draw_list(random, odd=0.0, largest=6)
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
    """One that we take as a message: what is refused before anything is picked is no case for here."""
    while True:
        text = draw_request(random, odd=odd)
        try:
            if Message(text.encode("latin-1")).call_id and not _UNLIKE.search(text):
                return text
        except ParseError:
            continue


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
    rows = [line.split()[:2] for line in text.splitlines()]
    usable = [row for row in rows if len(row) > 1 and row[0].isdigit() and len(row[0]) < 5]
    number, uri = random.choice(usable or [["1", "sip:nobody"]])
    return int(number), uri
