"""What a vector is, and what is wrong with how it came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Vector = dict[str, Any]  # As JSON has it.


class Unsupported(Exception):
    """The vector asks for what is not built yet."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A recorded value that did not come out; `step` is empty where a vector has none."""

    step: str
    field: str
    expected: object
    got: object

    def __str__(self) -> str:
        return f"{self.step}{self.field}: expected {self.expected!r}, got {self.got!r}"


def compare(expected: Mapping[str, object], got: Mapping[str, object], step: str = "") -> list[Mismatch]:
    """Every field that differs, or is on one side only."""
    return [
        Mismatch(step, field, expected.get(field), got.get(field))
        for field in sorted(expected.keys() | got.keys())
        if expected.get(field) != got.get(field) or (field in expected) != (field in got)
    ]
