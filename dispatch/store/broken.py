"""What is wrong with a state that was kept."""

from __future__ import annotations

from dispatch.errors import DispatchError


class BrokenState(DispatchError):
    """It can't be used.

    Attributes:
        record: which record is wrong, from 1; 0 where it is the whole.
    """

    def __init__(self, record: int, problem: str) -> None:
        super().__init__(f"record {record}: {problem}" if record else problem)
        self.record = record
