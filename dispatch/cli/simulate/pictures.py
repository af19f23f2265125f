"""`python -m dispatch.cli.simulate.pictures FOLDER` draws the pictures of docs/algorithms.md, one for each algorithm.

They are what `dispatch simulate` draws of the configuration `gateways.toml` in that folder.
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import Final

from dispatch.balance.algorithms import TABLE
from dispatch.cli.main import main

CALLS: Final = 2000
# Where all go to the first, another failing shows nothing.
_FAILING: Final = dict.fromkeys(("priority", "parallel"), "sip:gw1.example.com")
_USUAL: Final = "sip:gw2.example.com"


def draw_all(configuration: Path, folder: Path) -> None:
    """One file for each row of the table, by its name.

    Args:
        configuration: what to simulate.
        folder: where to put the pictures.
    """
    for row in TABLE:
        options = ["--algorithm", row.name, "--calls", str(CALLS), "--fail", _FAILING.get(row.name, _USUAL)]
        with contextlib.redirect_stdout(io.StringIO()):
            main(["simulate", str(configuration), *options, "--svg", str(folder / f"{row.name}.svg")])


if __name__ == "__main__":
    there = Path(sys.argv[1])
    draw_all(there / "gateways.toml", there)
