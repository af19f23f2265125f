"""Vectors of pseudo-variables, and of what writes to them."""

from __future__ import annotations

from random import Random
from typing import Any

from dispatch.balance.turn import HashKey
from dispatch.script import dispatcher, formats, variables
from dispatch.script.route import Parameters, Request
from dispatch.script.values import text
from dispatch.test.proxy.farm import Farm
from dispatch.test.script.scene import StillScene
from dispatch.test.vectors.vector import Mismatch, Vector, compare

_ADDRESSES = {b"localhost": "::1"}  # On the machine of the recording.


def hash_key_of(vector: Vector) -> HashKey | None:
    """What `hash_pvar` of a vector makes of its requests; None where it is not set."""
    text = vector["params"].get("hash_pvar")
    if not text:
        return None
    evaluate = formats.compile(text)
    source = _source(vector)

    def key(request: Any) -> bytes:
        scene = StillScene(request.message.raw, source)
        scene.uri, scene.destination_uri = request.uri, getattr(request, "destination_uri", None)
        return evaluate(scene)

    return key


def _source(vector: Vector) -> tuple[str, int]:
    host, port, *_ = vector.get("src", ("127.0.0.1", 22100))
    return host, port


def replay_pv(vector: Vector, random: Random) -> list[Mismatch]:
    """The value of each variable that was recorded."""
    scene = StillScene(vector["message"].encode("latin-1"), _source(vector))
    got = {}
    for name in vector["result"]:
        variable, _ = variables.parse(name)
        value = variable.read(scene)
        got[name] = None if value is None else text(value).decode("latin-1")
    return compare(vector["result"], got)


def replay_is_from_list(vector: Vector, random: Random) -> list[Mismatch]:
    """Whether a request comes from a destination, and what the variables hold after it."""
    names = {"setid": "$vn(setid)", "attrs": "$vn(attrs)"}  # As `$var`, but null before they are written.
    written = {field: variables.parse(name)[0] for field, name in names.items()}
    got: dict[str, object] = {}

    def route(request: Request) -> None:
        uri = vector["uri"]
        rc = dispatcher.ds_is_from_list(
            request,
            -1 if vector["group"] is None else vector["group"],
            vector["mode"],
            None if uri is None else uri.encode("latin-1"),
        )
        got["ok"], got["rc"] = rc > 0, rc
        for field, variable in written.items():
            value = variable.read(request.view)
            got[field] = None if value is None else text(value).decode("latin-1")
        setid = got["setid"]
        got["setid"] = int(setid) if isinstance(setid, str) else None

    farm = Farm(vector["sets"].encode("latin-1"), script=route)
    farm.router.parameters = Parameters(setid=written["setid"], attrs=written["attrs"])
    for host, address in _ADDRESSES.items():
        farm.router.membership.resolved(host, address)
    farm.receive(vector["message"].encode("latin-1"), _source(vector))
    return compare(vector["result"], got)
