"""`dispatchctl` as an operator types it, against a service that was made for the test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

from dispatch.test.real.service import ROOT

COMMAND: Final = (sys.executable, "-c", "import sys; from dispatch.cli.ctl import main; sys.exit(main())")


class Answer(NamedTuple):
    """What a command line came to."""

    status: int
    out: str
    err: str


def enable(config: Path, path: Path) -> Path:
    """Name a socket in a configuration; its path must be short (see `LONGEST_PATH`)."""
    config.write_text(f'{config.read_text()}\n[control]\namp = "unix:{path}"\n')
    return config


def ctl(config: Path, *arguments: str) -> Answer:
    """Type ``dispatchctl -c CONFIG ARGUMENTS``."""
    done = subprocess.run(
        [*COMMAND, "-c", str(config), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)
