"""Tests of dispatch.script.mirror: the failover list in AVPs, and what a script does to it there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.script import dispatcher as functions
from dispatch.script.route import Request
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import request

LIST: Final = (
    b"1 sip:192.0.2.73:5073\n1 sip:192.0.2.72:5072 0 0 duid=b\n1 sip:192.0.2.71:5071 0 0 duid=a;x=1\n"
    b"2 sip:192.0.2.80:5080\n"
)
A, B, C = b"sip:192.0.2.71:5071", b"sip:192.0.2.72:5072", b"sip:192.0.2.73:5073"
NAMES: Final = {name: f"$avp({name})" for name in ("dst_avp", "grp_avp", "cnt_avp", "attrs_avp")}


class MirrorCase(SynchronousTestCase):
    def run_route(self, act: Callable[[Request], object], **changed: Any) -> Any:
        seen: list[object] = []
        config = DispatcherConfig(**{"flags": 2, **NAMES, **changed})
        self.farm = Farm(LIST, script=lambda one: seen.append(act(one)), parameters=config)
        self.farm.receive(request())
        self.assertEqual(len(seen), 1, "the route failed")
        return seen[0]


class ShownTests(MirrorCase):
    def test_each_step(self) -> None:
        """The AVPs show the list as it is after each step, the number that was selected stays, the end leaves none."""

        def act(one: Request) -> object:
            found = []
            functions.ds_select_dst(one, 1, 8)
            for _ in range(4):
                found.append({name: list(values) for name, values in one.view.values.avps.items()})
                functions.ds_next_dst(one)
            return found

        always = {"grp_avp": [b"1"], "cnt_avp": [b"3"]}
        self.assertEqual(
            self.run_route(act),
            [
                {"dst_avp": [A, B, C], "attrs_avp": [b"duid=a;x=1", b"duid=b"], **always},
                {"dst_avp": [B, C], "attrs_avp": [b"duid=b"], **always},
                {"dst_avp": [C], **always},
                always,
            ],
        )

    def test_two_selections(self) -> None:
        """A later selection stands in front of what is left of the one before; set and number pile up."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8)
            functions.ds_select_dst(one, 2, 8)
            return {name: list(values) for name, values in one.view.values.avps.items()}

        avps = self.run_route(act)
        self.assertEqual(avps["dst_avp"], [b"sip:192.0.2.80:5080", A, B, C])
        self.assertEqual((avps["grp_avp"], avps["cnt_avp"]), ([b"2", b"1"], [b"1", b"3"]))

    def test_without_failover(self) -> None:
        """Without flags bit 2 there is a set and the number 0, and no list."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8)
            return one.view.values.avps

        self.assertEqual(self.run_route(act, flags=0), {"grp_avp": [b"1"], "cnt_avp": [b"0"]})

    def test_nothing_named(self) -> None:
        """Where no AVP is named nothing is shown, nor made for it."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8)
            return one._view

        self.assertIsNone(self.run_route(act, **dict.fromkeys(NAMES, "")))


class SameWayTests(MirrorCase):
    @given(st.lists(st.sampled_from([(1, 0), (1, 2), (2, 0), (7, 0), None]), max_size=12))
    def test_seen_or_not(self, steps: list[tuple[int, int] | None]) -> None:
        """Whether the list is shown or not, the same steps lead to the same destinations."""

        def act(one: Request) -> object:
            found = []
            for step in steps:
                code = functions.ds_next_dst(one) if step is None else functions.ds_select_dst(one, step[0], 8, step[1])
                found.append((code, one.destination_uri))
            return found

        self.assertEqual(self.run_route(act), self.run_route(act, **dict.fromkeys(NAMES, "")))


class WrittenTests(MirrorCase):
    def test_another_list(self) -> None:
        """What a script writes into dst_avp is where ds_next_dst goes, known to the list or not."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8)
            one.view.values.replace("dst_avp", [A, C, b"sip:198.51.100.1:5099"])
            found = []
            while functions.ds_next_dst(one) > 0:
                found.append((one.destination_uri, one.destination and one.destination.port))
            return found, functions.ds_mark_dst(one)

        self.assertEqual(self.run_route(act), ([(C, 5073), (b"sip:198.51.100.1:5099", None)], -1))

    def test_pushed(self) -> None:
        """A value that is pushed is the one in use: the next is what was in use before."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8)
            one.view.values.push("dst_avp", b"sip:198.51.100.1")
            return functions.ds_set_dst(one), one.destination_uri, functions.ds_next_dst(one), one.destination_uri

        self.assertEqual(self.run_route(act), (1, b"sip:198.51.100.1", 1, A))

    def test_before_any_selection(self) -> None:
        """A list that a script makes by itself can be gone through, and sent to."""

        def act(one: Request) -> None:
            one.view.values.replace("dst_avp", [b"sip:198.51.100.1", b"sip:198.51.100.2:5099"])
            functions.ds_next_dst(one)
            one.relay()

        self.run_route(act)
        self.assertEqual(self.farm.lines()[1:], ["INVITE sip:bob@example.com SIP/2.0 > 5099"])

    def test_marked(self) -> None:
        """Set and URI that stand in the AVPs are what ds_mark_dst marks."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8)
            one.view.values.replace("dst_avp", [b"sip:192.0.2.80:5080"])
            one.view.values.push("grp_avp", b"2")
            return functions.ds_mark_dst(one, "d")

        self.assertEqual(self.run_route(act), 1)
        states = [health.letters(one.flags) for one in self.farm.dispatcher.destinations() if one.group == 2]
        self.assertEqual(states, ["DX"])

    def test_emptied(self) -> None:
        """A list that a script empties has no next, and rubbish for a set is none."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8)
            one.view.values.push("grp_avp", b"x")
            one.view.values.replace("dst_avp", [A, B])
            codes = [functions.ds_next_dst(one), functions.ds_next_dst(one)]
            return codes, one.destination_uri

        self.assertEqual(self.run_route(act), ([1, -1], B))
