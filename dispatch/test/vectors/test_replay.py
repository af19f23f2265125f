"""Tests of dispatch.test.vectors.replay: that it notices what is wrong."""

from __future__ import annotations

import copy
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.vectors.files import COPIES, read
from dispatch.test.vectors.replay import replay
from dispatch.test.vectors.vector import Vector


def first(category: str, **wanted: object) -> Vector:
    """The first vector of a category that is like this."""
    for vector in read(COPIES / f"{category}.jsonl"):
        if all(vector.get(name) == value for name, value in wanted.items()):
            return vector
    raise LookupError(category)


class Uneven(Random):
    """Eight bits of chance: of ten members six come one time in 256 more often than the others."""

    def random(self) -> float:
        return self.getrandbits(8) / 256


class Circle(Random):
    """No chance at all: perfectly even, one after the other."""

    at = 0.0

    def random(self) -> float:
        self.at = (self.at + 0.1) % 1.0
        return self.at


class NoticedTests(SynchronousTestCase):
    def test_every_field(self) -> None:
        """Each recorded field that is changed makes the vector fail, naming the field."""
        vector = first("hash-callid-edge")
        self.assertEqual(replay(vector), [])
        for field in ("ok", "rc", "du", "ru", "list", "cnt", "next"):
            changed = copy.deepcopy(vector)
            changed["result"][field] = "?"
            self.assertEqual([line.split(":")[0] for line in replay(changed)], [field])
            del changed["result"][field]
            self.assertEqual(len(replay(changed)), 0 if field == "next" else 1)

    def test_every_step(self) -> None:
        """A step that differs is named."""
        vector = first("roundrobin")
        self.assertEqual(replay(vector), [])
        vector["steps"][3]["result"]["cnt"] = 99
        self.assertIn("step 3 cnt: expected 99", replay(vector)[0])

    def test_listing(self) -> None:
        """A listing that differs is a failure, in listfile and in sequences."""
        vector = first("listfile", sets="1 sip:127.0.0.1:5070 0 0 # c\n")
        vector["result"]["records"][0]["flags"] = "IX"
        self.assertEqual(len(replay(vector)), 1)
        sequence = first("roundrobin")
        sequence["steps"][0]["listing"] = []
        self.assertIn("step 0 listing", replay(sequence)[0])

    def test_kept(self) -> None:
        """After a failed reload the old list is compared too."""
        vector = first("listfile", sets="1\n")
        self.assertEqual(replay(vector), [])
        vector["result"]["records_kept"] = []
        self.assertEqual(len(replay(vector)), 1)

    def test_unknown(self) -> None:
        """A kind, an algorithm or a command that is not there yet fails, and so does nonsense."""
        vector = first("hash-callid-edge")
        for changed in ({"type": "new"}, {"params": None}, {"message": "x"}):
            self.assertEqual(len(replay({**vector, **changed})), 1)
        sequence = first("roundrobin")
        for call in ('ds_new("i")', "?"):
            sequence["steps"][0]["then"] = call
            self.assertEqual(replay(sequence), [f"not supported yet: {call}"])

    def test_slots(self) -> None:
        """Where 100 slots decide, one pick that differs is a failure."""
        for category in ("dist-weight", "dist-rweight"):
            vector = first(category)
            self.assertEqual(replay(vector), [])
            one, other, *_ = vector["steps"][0]["counts"]
            vector["steps"][0]["counts"][one] += 1
            vector["steps"][0]["counts"][other] -= 1
            self.assertEqual([line.split(":")[0] for line in replay(vector)], ["step 0 counts"])

    def test_then(self) -> None:
        """The return code of a function behind the selection is compared."""
        for category, field in (("states", "mark_rc"), ("callload", "unset_rc")):
            for vector in read(COPIES / f"{category}.jsonl"):
                self.assertEqual(replay(vector), [])
                at = next((at for at, step in enumerate(vector["steps"]) if field in step["result"]), None)
                if at is not None:
                    vector["steps"][at]["result"][field] = 7
                    self.assertIn(f"step {at} {field}: expected 7", replay(vector)[0])


class ChanceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.vector = next(each for each in read(COPIES / "dist-random.jsonl") if each["sets"].count("\n") == 10)

    def test_fair(self) -> None:
        """A fair source passes, whatever it starts from."""
        for seed in range(3):
            self.assertEqual(replay(self.vector, Random(seed)), [])

    def test_uneven(self) -> None:
        """A source that favours some members by 4% fails."""
        self.assertIn("counts", replay(self.vector, Uneven(1))[0])

    def test_in_a_circle(self) -> None:
        """One that is even but no chance fails."""
        self.assertIn("pairs", replay(self.vector, Circle(1))[0])
