"""The recorded decisions of the categories that must pass by now, one test each."""

from __future__ import annotations

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.vectors.files import COPIES, SUPPORTED, folder, read
from dispatch.test.vectors.replay import replay
from dispatch.test.vectors.vector import Vector


class RecordedTests(SynchronousTestCase):
    def test_all_are_here(self) -> None:
        """All vectors were replayed, not only our copies of some."""
        if folder() == COPIES:
            self.skipTest("only our copies were replayed; SHARED=DIR says where vectors/ is")
        for category in SUPPORTED:
            self.assertTrue((folder() / f"{category}.jsonl").exists(), category)


def _case(vector: Vector) -> Callable[[RecordedTests], None]:
    def test(self: RecordedTests) -> None:
        self.assertEqual(replay(vector), [])

    test.__doc__ = f"{vector['id']} comes out as recorded."
    return test


for _path in sorted(folder().glob("*.jsonl")):
    if _path.stem in SUPPORTED:
        for _vector in read(_path):
            setattr(RecordedTests, f"test_{_vector['id'].replace('-', '_')}", _case(_vector))
