"""The algorithms, one file each, and the table of them: documentation, checks and listings read it."""

from typing import Final

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.algorithms.call_load import CALL_LOAD
from dispatch.balance.algorithms.hash_auth import HASH_AUTH
from dispatch.balance.algorithms.hash_callid import HASH_CALLID
from dispatch.balance.algorithms.hash_from import HASH_FROM
from dispatch.balance.algorithms.hash_pvar import HASH_PVAR
from dispatch.balance.algorithms.hash_ruri import HASH_RURI
from dispatch.balance.algorithms.hash_to import HASH_TO
from dispatch.balance.algorithms.latency import LATENCY
from dispatch.balance.algorithms.overload import OVERLOAD
from dispatch.balance.algorithms.parallel import PARALLEL
from dispatch.balance.algorithms.priority import PRIORITY
from dispatch.balance.algorithms.priority_or_round_robin import PRIORITY_OR_ROUND_ROBIN
from dispatch.balance.algorithms.priority_weight import PRIORITY_WEIGHT
from dispatch.balance.algorithms.random import RANDOM
from dispatch.balance.algorithms.relative_weight import RELATIVE_WEIGHT
from dispatch.balance.algorithms.round_robin import ROUND_ROBIN
from dispatch.balance.algorithms.weight import WEIGHT
from dispatch.balance.algorithms.weighted import WEIGHTED

__all__ = ["BY_NAME", "BY_NUMBER", "TABLE", "Algorithm"]

TABLE: Final[tuple[Algorithm, ...]] = (
    HASH_CALLID,
    HASH_FROM,
    HASH_TO,
    HASH_RURI,
    ROUND_ROBIN,
    HASH_AUTH,
    RANDOM,
    HASH_PVAR,
    PRIORITY,
    WEIGHT,
    CALL_LOAD,
    RELATIVE_WEIGHT,
    PARALLEL,
    LATENCY,
    WEIGHTED,
    PRIORITY_WEIGHT,
    PRIORITY_OR_ROUND_ROBIN,
    OVERLOAD,
)
BY_NUMBER: Final = {row.number: row for row in TABLE if row.number is not None}
BY_NAME: Final = {row.name: row for row in TABLE}
