"""What follows a listing that goes on: its records are shown as they come, and written down where that is asked for."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dispatch.control.command import Command
from dispatch.control.text import printable
from dispatch.control.tracing import pcap
from dispatch.errors import DispatchError


class CaptureFailed(DispatchError):
    """A file that is named can't be written: the disk is full, or gone."""


class Capture:
    """A file that Wireshark reads, whole after every message.

    Args:
        path: of the file; what is there is replaced.

    Raises:
        CaptureFailed: it can't be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._packets = pcap.Packets()
        try:
            self._file = path.open("wb", buffering=0)
            self._file.write(pcap.head())
        except OSError as error:
            raise self._failed(error) from None

    def put(self, one: Any) -> None:
        """Write a record down.

        Raises:
            CaptureFailed: the file can't be written any more.
        """
        try:
            self._file.write(self._packets.packet(one))
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> CaptureFailed:
        return CaptureFailed(f"{self._path} can't be written: {error.strerror}")


class Follower:
    """Shows the records of a command.

    Args:
        row: the command.
        capture: where they are written too.
        as_json: a document in a line for each, for programs; else what the row has for people.
    """

    def __init__(self, row: Command, capture: Capture | None, *, as_json: bool) -> None:
        self._row = row
        self._capture = capture
        self._as_json = as_json

    def __call__(self, one: Any) -> None:
        """Take a record."""
        if self._capture is not None:
            self._capture.put(one)
        print(json.dumps(asdict(one)) if self._as_json else printable(self._row.sentence(one)), flush=True)
