"""The count of calls against a plain model, over random histories."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.load import Calls
from dispatch.balance.selection import Selection, find_algorithm
from dispatch.test.balance.make import FakeRequest, roster

CALL_LOAD = find_algorithm(10)
EXPIRE, INITEXPIRE = 100, 30
CALL_IDS = st.sampled_from([b"%d@h" % number for number in range(4)])
SETS = st.sampled_from((1, 2))
NAMES = st.sampled_from(("a", "b", "c", "d"))

BYSTANDERS = [
    *((b"INVITE", status) for status in (180, 200, 202, 200, 401, 407, 503)),
    *((method, 0) for method in (b"ACK", b"INVITE")),
    (b"BYE", 200),
]

Where = tuple[int, bytes, int]  # Set, duid, and which life of it: one that left the list and came back is another.


@dataclass
class Known:
    """A call, as the model has it."""

    began: int
    places: dict[int, Where]
    confirmed: bool = False


@dataclass
class Gateway:
    """A line of the list, as the model has it."""

    port: int
    maxload: int
    life: int = 0
    flags: int = 0


class History(RuleBasedStateMachine):
    """INVITEs, answers, failovers, ends and reloads in any order."""

    @initialize()
    def begin(self) -> None:
        self.now = 1000.25
        self.lives = itertools.count(1)
        self.known: dict[bytes, Known] = {}
        self.selections: dict[tuple[bytes, int], Selection] = {}
        self.list: dict[int, dict[bytes, Gateway]] = {
            1: {b"a": Gateway(1, 2), b"b": Gateway(2, 0), b"c": Gateway(3, 1)},
            2: {b"a": Gateway(1, 1)},
        }
        calls = Calls(lambda: self.now, expire=EXPIRE, initexpire=INITEXPIRE)
        self.dispatcher = Dispatcher(Random(1), flags=2, calls=calls)
        self.reload()

    def reload(self) -> None:
        """Put the list in force, with all states at rest."""
        lines = []
        for number, gateways in self.list.items():
            for duid, one in gateways.items():
                lines.append(b"%d sip:gw:%d 0 0 duid=%s;maxload=%d\n" % (number, one.port, duid, one.maxload))
                one.flags = 0
        self.dispatcher.replace(roster(b"".join(lines)))
        for number in self.dispatcher.groups:
            self.dispatcher.set_states(number, 0)

    def where(self, destination: Destination) -> Where:
        return destination.group, destination.duid, self.list[destination.group][destination.duid].life

    def count(self, where: Where) -> int:
        return sum(where in one.places.values() for one in self.known.values())

    def least(self, number: int) -> bytes | None:
        """Who should get the next call of a set."""
        found: bytes | None = None
        fewest = 0
        members = self.dispatcher.groups[number].members if number in self.dispatcher.groups else ()
        for member in members:
            one = self.list[number][member.duid]
            calls = self.count((number, member.duid, one.life))
            if not one.flags and not (one.maxload and calls >= one.maxload) and (found is None or calls < fewest):
                found, fewest = member.duid, calls
        return found

    @rule(call_id=CALL_IDS, number=SETS)
    def invite(self, call_id: bytes, number: int) -> None:
        """A call, a retransmission, another try under the same Call-ID, or another set for a call."""
        expected = self.least(number)
        selection = self.dispatcher.select(FakeRequest(call_id), number, CALL_LOAD)
        assert (selection.destination.duid if selection else None) == expected
        if selection is None:
            return
        call = self.known.get(call_id)
        is_new = call is None or number not in call.places
        assert selection.is_counted == is_new
        if not is_new:
            return
        where = self.where(selection.destination)
        if call is None:
            self.known[call_id] = Known(int(self.now), {number: where})
        else:
            call.places[number] = where
        self.selections[call_id, number] = selection

    @precondition(lambda self: self.selections)
    @rule(data=st.data())
    def next(self, data: st.DataObject) -> None:
        """The destination failed: on to the next, which may have left the list meanwhile."""
        key = data.draw(st.sampled_from(sorted(self.selections)))
        call_id, number = key
        selection = self.selections[key]
        destination = selection.next()
        call = self.known.get(call_id)
        if destination is None:
            if selection.record is None:
                del self.selections[key]
            else:
                assert call is None
            return
        assert call is not None
        call.places[number] = self.where(destination)
        call.began, call.confirmed = int(self.now), False

    @precondition(lambda self: self.known)
    @rule(data=st.data(), method=st.sampled_from((b"BYE", b"CANCEL")))
    def end(self, data: st.DataObject, method: bytes) -> None:
        """It ends; that comes twice."""
        call_id = data.draw(st.sampled_from(sorted(self.known)))
        for _ in range(2):
            self.dispatcher.load_update(call_id, method)
        del self.known[call_id]

    @rule(call_id=CALL_IDS, message=st.sampled_from(BYSTANDERS))
    def other(self, call_id: bytes, message: tuple[bytes, int]) -> None:
        """A response, or a request that ends nothing; a 2xx to INVITE may come twice."""
        self.dispatcher.load_update(call_id, *message)
        method, status = message
        if method == b"INVITE" and 200 <= status < 300 and call_id in self.known:
            self.known[call_id].confirmed = True

    @rule(call_id=CALL_IDS)
    def unset(self, call_id: bytes) -> None:
        """It has failed for good."""
        call = self.known.pop(call_id, None)
        here = call is not None and any(
            self.list[number].get(duid) is not None and self.list[number][duid].life == life
            for number, duid, life in call.places.values()
        )
        assert self.dispatcher.load_unset(call_id) == here

    @rule(seconds=st.sampled_from((0.5, 10.0, 31.0, 101.0)), most=st.sampled_from((1, 2, 1000)))
    def wait(self, seconds: float, most: int) -> None:
        """Time goes by, and calls whose end never came are let go, no more than so many at a time."""
        self.now += seconds
        size = len(self.known)
        while True:
            again = self.dispatcher.expire_load(most)
            assert self.dispatcher.calls is not None
            assert size - len(self.dispatcher.calls) <= most
            size = len(self.dispatcher.calls)
            if not again:
                break
        now = int(self.now)
        for call_id, call in list(self.known.items()):
            if call.began + EXPIRE < now or (not call.confirmed and call.began + INITEXPIRE < now):
                del self.known[call_id]

    @rule(number=SETS, name=NAMES, maxload=st.integers(0, 2), port=st.integers(1, 9))
    def add(self, number: int, name: str, maxload: int, port: int) -> None:
        """A reload with a further destination, or another address or limit of one."""
        gateways, duid = self.list[number], name.encode()
        if duid in gateways:
            gateways[duid].port, gateways[duid].maxload = port, maxload
        else:
            gateways[duid] = Gateway(port, maxload, next(self.lives))
        self.reload()

    @rule(number=SETS, name=NAMES)
    def remove(self, number: int, name: str) -> None:
        """A reload without a destination; its calls go on."""
        if self.list[number].pop(name.encode(), None) is not None:
            self.reload()

    @rule(number=SETS, name=NAMES, flags=st.sampled_from((0, health.INACTIVE, health.DISABLED)))
    def state(self, number: int, name: str, flags: int) -> None:
        """A destination goes down or comes back."""
        one = self.list[number].get(name.encode())
        if one is not None:
            one.flags = flags
            for member in self.dispatcher.groups[number].members:
                if member.duid == name.encode():
                    self.dispatcher.groups[number].set_flags(member, flags)

    @invariant()
    def counts(self) -> None:
        """Each destination has as many calls as are open on it, and nothing else is remembered."""
        if not hasattr(self, "dispatcher"):
            return
        for member in self.dispatcher.destinations():
            assert member.condition.tally.calls == self.count(self.where(member)), member
        assert self.dispatcher.calls is not None
        assert len(self.dispatcher.calls) == len(self.known)


class HistoryTests(SynchronousTestCase):
    def test_any_history(self) -> None:
        """Whatever happens in whatever order, each destination has as many calls as are open on it."""
        run_state_machine_as_test(History, settings=settings(stateful_step_count=50))
