"""What Kamailio answers, as a vector has it: the results of one that has none yet, or has others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from dispatch.sip.message import Message
from dispatch.test.differential.oracle import Oracle
from dispatch.test.differential.script import CHAIN, spelled
from dispatch.test.vectors.vector import Vector

# A request for who does not look at requests.
PLAIN: Final = (
    "OPTIONS sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\n"
    "From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n"
)
# Set, algorithm, limit, walk, destination before and function afterwards, where none of them matters.
_NOTHING: Final = (0, 0, "-", 0, "-", "-")
_LOAD: Final = 10
# Draws from chance for a map.
_SAMPLE: Final = 200


class Refused(Exception):
    """Kamailio does not take the list that the vector is about."""


def record(oracle: Oracle, vector: Vector) -> Vector:
    """The vector with the results that Kamailio gives.

    Raises:
        Refused: its list is not taken.
        Unanswered: a request is not.
    """
    return {**vector, **_RECORDERS[vector["type"]](oracle, vector)}


def _sequence(oracle: Oracle, vector: Vector) -> Vector:
    _must_load(oracle, vector["sets"])
    try:
        return {"steps": [_step(oracle, step) for step in vector["steps"]]}
    finally:
        _forget_calls(oracle, vector["steps"])


def _forget_calls(oracle: Oracle, steps: Iterable[Vector]) -> None:
    """End what calls were counted: the table of them outlives the list, and would mix with that of the next vector."""
    for call_id in {Message(step["message"].encode("latin-1")).call_id for step in steps if step.get("alg") == _LOAD}:
        oracle.ask(PLAIN.replace("Call-ID: 1", f"Call-ID: {call_id.decode('latin-1')}"), "load_unset", *_NOTHING)


def _step(oracle: Oracle, step: Vector) -> Vector:
    out = {**step, "result": _result(oracle, step)}
    if "listing" in step:
        out["listing"] = _listing(oracle)
    return out


def _result(oracle: Oracle, step: Vector) -> dict[str, object]:
    if "rpc" in step:
        return _verdict(oracle.command(*step["rpc"]))
    if "fn" in step:
        return _select(oracle, step)
    return {"rc": int(oracle.ask(step["message"], step["op"], step.get("set", 0), *_NOTHING[1:])[0])}


def _verdict(answer: Any) -> dict[str, object]:
    return {"error": answer["error"]} if "error" in answer else {"ok": True}


def _select(oracle: Oracle, step: Vector) -> dict[str, object]:
    walked = "next" in step.get("result", ())
    then = step.get("then")
    rc, du, ru, count, records, following, after = oracle.ask(
        step["message"],
        step["fn"].removeprefix("ds_select_"),
        step["set"],
        step["alg"],
        "-" if step["limit"] is None else step["limit"],
        step.get("next_calls", CHAIN if walked else 0),
        step.get("predu", "-"),
        spelled(then) if then else "-",
    )
    result: dict[str, object] = {
        "ok": int(rc) > 0,
        "rc": int(rc),
        "du": _text(du),
        "ru": _text(ru) or "",
        "list": _texts(records),
        "cnt": None if count == "-" else int(count),
    }
    if walked:
        result["next"] = _texts(following)
    if then:
        result["unset_rc" if then == "ds_load_unset" else "mark_rc"] = int(after)
    return result


def _text(digits: str) -> str | None:
    return None if digits == "-" else bytes.fromhex(digits).decode("latin-1")


def _texts(digits: str) -> list[str]:
    return [bytes.fromhex(one).decode("latin-1") for one in digits.split(",") if one]


def _listfile(oracle: Oracle, vector: Vector) -> Vector:
    _must_load(oracle, vector["before"])
    answer = oracle.load(vector["sets"])
    listing = _listing(oracle)
    if "error" not in answer:
        return {"result": {"ok": True, "records": listing}}
    return {"result": {"ok": False, "records": [], "error": answer["error"], "records_kept": listing}}


def _distribution(oracle: Oracle, vector: Vector) -> Vector:
    _must_load(oracle, vector["sets"])
    return {"steps": [_counted(oracle, vector, step) for step in vector["steps"]]}


def _counted(oracle: Oracle, vector: Vector, step: Vector) -> Vector:
    if step["op"] != "select":
        oracle.command(*step["rpc"])
        return step
    selection = {"fn": "ds_select_dst", "limit": None, "message": PLAIN, **vector}
    picks = [str(_select(oracle, selection)["du"] or "none") for _ in range(step["n"])]
    hundreds = [Counter(picks[at : at + 100]) for at in range(0, step["n"], 100)]
    return {
        **step,
        "counts": dict(Counter(picks)),
        "first_100": dict(hundreds[0]),
        "every_100_same": all(one == hundreds[0] for one in hundreds),
    }


def _map(oracle: Oracle, vector: Vector) -> Vector:
    _must_load(oracle, vector["sets"])
    seen: dict[str, object] = {}
    for _ in range(_SAMPLE):
        one = _select(oracle, {"fn": "ds_select_dst", **vector, "result": {}})
        seen[str(one["du"] or "none")] = {"list": one["list"], "cnt": one["cnt"]}
    return {"result": seen}


def _must_load(oracle: Oracle, text: str) -> None:
    if "error" in oracle.load(text):
        raise Refused(text)


def _listing(oracle: Oracle) -> list[dict[str, object]]:
    answer = oracle.command("dispatcher.list")
    if "error" in answer:  # No set at all.
        return []
    return [
        _listed(record["SET"]["ID"], target["DEST"])
        for record in answer["result"]["RECORDS"]
        for target in record["SET"]["TARGETS"]
    ]


def _listed(number: int, target: Mapping[str, Any]) -> dict[str, object]:
    row: dict[str, object] = {
        "set": number,
        "uri": target["URI"],
        "flags": target["FLAGS"],
        "priority": target["PRIORITY"],
    }
    if "RUNTIME" in target:
        row["dload"] = target["RUNTIME"]["DLGLOAD"]
    if target.get("ATTRS", {}).get("BODY"):
        row["attrs"] = target["ATTRS"]["BODY"]
    return row


_RECORDERS: Final[Mapping[str, Callable[[Oracle, Vector], Vector]]] = {
    "sequence": _sequence,
    "listfile": _listfile,
    "distribution": _distribution,
    "map": _map,
}
