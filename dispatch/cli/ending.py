"""How a command ends that is cut short: by Ctrl-C, or since nobody reads what it prints."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Final

INTERRUPTED: Final = 128 + signal.SIGINT  # as a shell says it
NOBODY_READS: Final = 128 + signal.SIGPIPE


def until_cut_short(run: Callable[[], int]) -> int:
    """Exit status of a command.

    Args:
        run: the whole of it.
    """
    try:
        status = run()
        sys.stdout.flush()
    except KeyboardInterrupt:  # before there was a reactor to take it
        return INTERRUPTED
    except BrokenPipeError:  # head, less: they have seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    return status
