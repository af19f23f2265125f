"""The algorithms, one file each, and the table of them: documentation, checks and listings read it."""

from typing import Final

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.algorithms.hash_auth import HASH_AUTH
from dispatch.balance.algorithms.hash_callid import HASH_CALLID
from dispatch.balance.algorithms.priority import PRIORITY
from dispatch.balance.algorithms.random import RANDOM
from dispatch.balance.algorithms.round_robin import ROUND_ROBIN

__all__ = ["BY_NAME", "BY_NUMBER", "TABLE", "Algorithm"]

TABLE: Final[tuple[Algorithm, ...]] = (
    HASH_CALLID,
    ROUND_ROBIN,
    HASH_AUTH,
    RANDOM,
    PRIORITY,
)
BY_NUMBER: Final = {row.number: row for row in TABLE}
BY_NAME: Final = {row.name: row for row in TABLE}
