"""Vectors of pseudo-variables."""

from __future__ import annotations

from random import Random

from dispatch.script import variables
from dispatch.test.script.scene import StillScene
from dispatch.test.vectors.vector import Mismatch, Vector, compare


def replay_pv(vector: Vector, random: Random) -> list[Mismatch]:
    """The value of each variable that was recorded."""
    host, port, *_ = vector.get("src", ("127.0.0.1", 22100))
    scene = StillScene(vector["message"].encode("latin-1"), (host, port))
    got = {}
    for name in vector["result"]:
        variable, _ = variables.parse(name)
        value = variable.read(scene)
        got[name] = None if value is None else value.decode("latin-1")
    return compare(vector["result"], got)
