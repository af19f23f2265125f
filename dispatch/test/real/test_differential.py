"""Kamailio as oracle: that it can be trusted as one, and that we do as it does."""

from __future__ import annotations

import json
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.differential.compare import compare
from dispatch.test.differential.oracle import Oracle
from dispatch.test.differential.record import record
from dispatch.test.differential.states.compare import compare as compare_states
from dispatch.test.real import service
from dispatch.test.real.case import require
from dispatch.test.vectors.files import folder, read
from dispatch.test.vectors.replay import replay
from dispatch.test.vectors.vector import Vector

_SEED = "5060"
_CASES = 2000
_SEQUENCES = 400
_ROUNDS = 6


class DifferentialTests(SynchronousTestCase):
    def setUp(self) -> None:
        if service.STAND_IN:
            raise SkipTest("says nothing about Kamailio")
        require("kamailio")

    def test_oracle(self) -> None:
        """It answers what was recorded: the results of the vectors come out again, whatever they were before."""
        alike: dict[str, list[Vector]] = {}
        for category in ("listfile", "roundrobin", "list-exist", "dist-weight", "callload", "states"):
            path = folder() / f"{category}.jsonl"
            for vector in list(read(path))[:20] if path.exists() else ():
                # Without call load Kamailio lists no loads, and lists were recorded with it.
                params = {**vector["params"], **({"ds_hash_size": 4} if category == "listfile" else {})}
                alike.setdefault(json.dumps(params), []).append(vector)
        for text, vectors in alike.items():
            with Oracle(json.loads(text)) as oracle:
                for vector in vectors:
                    self.assertEqual(record(oracle, vector), vector)

    def test_same(self) -> None:
        """Random lists, requests and commands come out as with Kamailio."""
        report = compare(_SEED, _CASES)
        if report.difference is not None:
            self.fail(report.difference.spell())
        self.assertEqual(report.cases, _CASES)

    def test_states(self) -> None:
        """Random marks, commands, answers to probes, reply codes and reloads lead to the same states and events."""
        report = compare_states(_SEED, _SEQUENCES, _ROUNDS)
        if report.difference is not None:
            self.fail(report.difference.spell())
        self.assertEqual(report.courses, _SEQUENCES)

    def test_differences_are_found(self) -> None:
        """Where we would forget the limit, a difference is found, and what is left of it is one selection with one."""

        def forgetful(vector: Vector) -> list[str]:
            steps = [{**step, "limit": None} if "limit" in step else step for step in vector.get("steps", ())]
            return replay({**vector, "steps": steps} if steps else vector)

        difference = compare(_SEED, _CASES, forgetful).difference
        assert difference is not None
        (step,) = difference.vector["steps"]
        self.assertTrue(step["limit"])
        self.assertLessEqual(len(difference.vector["sets"].splitlines()), 3)
        self.assertEqual(replay(difference.vector), [])
