"""docs/algorithms.md and its pictures against the table of algorithms."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import dispatch
from dispatch.balance.algorithms import TABLE
from dispatch.cli.simulate.pictures import draw_all

_DOCS = Path(dispatch.__file__).parents[1] / "docs"


class PictureTests(SynchronousTestCase):
    def test_up_to_date(self) -> None:
        """The pictures in the documentation are what `make pictures` draws now."""
        folder = Path(self.mktemp())
        folder.mkdir()
        draw_all(_DOCS / "img" / "gateways.toml", folder)
        for row in TABLE:
            name = f"{row.name}.svg"
            self.assertEqual((folder / name).read_text(), (_DOCS / "img" / name).read_text(), name)

    def test_every_algorithm(self) -> None:
        """The page has a heading and the picture of each algorithm, and names what it needs."""
        sections = (_DOCS / "algorithms.md").read_text().split("\n## ")
        for row in TABLE:
            heading = row.name if row.number is None else f"{row.number}: {row.name}"
            (section,) = [one for one in sections if one.startswith(f"{heading}\n")]
            self.assertIn(f"(img/{row.name}.svg)", section)
            for need in row.needs:
                self.assertIn(f"`{need}`", section)
