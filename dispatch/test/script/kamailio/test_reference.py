"""The tables of `docs/kamailio-cfg.md`."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import dispatch
from dispatch.script.kamailio import reference

_DOCUMENT = Path(dispatch.__file__).parent.parent / "docs" / "kamailio-cfg.md"


class ReferenceTests(SynchronousTestCase):
    def test_says_all(self) -> None:
        """The document has every function, variable and transformation, as the tables have them."""
        text = _DOCUMENT.read_text(encoding="utf-8")
        for part in (*reference.functions(), reference.variables(), reference.changes()):
            self.assertIn(part, text)
