"""Tests of dispatch.script.dispatcher: the module's functions, with their return codes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.change import Routed
from dispatch.script import dispatcher as functions
from dispatch.script.route import Request
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.test.proxy.farm import LIST, Farm
from dispatch.test.wire import FakeTransport, request

OTHER: Final = LIST + b"2 sip:192.0.2.80:5080\n2 sip:192.0.2.81:5081\n"
CALLS: Final = b"1 sip:192.0.2.72:5072 0 0 duid=b\n1 sip:192.0.2.71:5071 0 0 duid=a\n"


def _calling(function: Callable[..., int], *arguments: object) -> Callable[[Request], int]:
    """A route that calls one of them."""
    return lambda one: function(one, *arguments)


def _note(seen: list[int], one: Request) -> None:
    seen.append(functions.ds_load_update(one))


class FunctionsCase(SynchronousTestCase):
    def run_route(
        self, act: Callable[[Request], object], text: bytes = OTHER, data: bytes = b"", **changed: Any
    ) -> Any:
        """What a route gives back for a request."""
        seen: list[object] = []
        config = DispatcherConfig(**{"flags": 2, **changed})
        self.farm = Farm(text, script=lambda one: seen.append(act(one)), parameters=config)
        self.farm.receive(data or request())
        self.assertEqual(len(seen), 1, "the route failed")
        return seen[0]


class SelectTests(FunctionsCase):
    def test_dst(self) -> None:
        """ds_select_dst sets the destination and nothing else; numbers may be text."""

        def act(one: Request) -> object:
            return functions.ds_select_dst(one, b"2", "8"), one.destination_uri, one.uri

        self.assertEqual(self.run_route(act), (1, b"sip:192.0.2.81:5081", b"sip:bob@example.com"))

    def test_domain(self) -> None:
        """ds_select_domain changes the Request-URI and leaves the destination as it was."""

        def act(one: Request) -> object:
            return functions.ds_select_domain(one, 2, 8), one.destination_uri, one.uri

        self.assertEqual(self.run_route(act), (1, None, b"sip:bob@192.0.2.81:5081"))

    def test_limit(self) -> None:
        """The limit counts the destination in use too."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8, 2)
            return [functions.ds_next_dst(one) for _ in range(2)]

        self.assertEqual(self.run_route(act), [1, -1])

    def test_failures(self) -> None:
        """What is no number, no set, or has nobody left fails and changes nothing."""

        def act(one: Request) -> object:
            codes = [
                functions.ds_select_dst(one, *how)
                for how in ((b"x", 4), (1, b""), (1, 4, "y"), ("\u00b2", 4), (7, 4), (-1, 4))
            ]
            return codes, one.destination_uri, one.destination

        self.assertEqual(self.run_route(act), ([-1] * 6, None, None))

    def test_several(self) -> None:
        """When the list of the last selection is used up, that of the one before it goes on, its first once more."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8)
            functions.ds_select_dst(one, 2, 8)
            found = [one.destination_uri]
            while functions.ds_next_dst(one) > 0:
                found.append(one.destination_uri)
            return [uri and uri[-4:] for uri in found]

        self.assertEqual(self.run_route(act), [b"5081", b"5080", b"5071", b"5072", b"5073"])


class NextTests(FunctionsCase):
    def test_at_the_end(self) -> None:
        """At the end the last destination stays, and there is nothing left to mark."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 2, 8)
            codes = [functions.ds_next_dst(one), functions.ds_next_dst(one), functions.ds_mark_dst(one)]
            return codes, one.destination_uri

        self.assertEqual(self.run_route(act), ([1, -1, -1], b"sip:192.0.2.80:5080"))

    def test_ended_meanwhile(self) -> None:
        """Where the call is no longer counted it fails, and has changed where the request goes all the same."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 10)
            functions.ds_load_unset(one)
            return functions.ds_next_dst(one), one.destination_uri, functions.ds_next_dst(one)

        self.assertEqual(self.run_route(act, CALLS, ds_hash_size=8), (-1, b"sip:192.0.2.72:5072", -1))

    def test_domain(self) -> None:
        """ds_next_domain rewrites what the one before has rewritten."""

        def act(one: Request) -> object:
            functions.ds_select_domain(one, 2, 8)
            return functions.ds_next_domain(one), one.uri

        self.assertEqual(self.run_route(act), (1, b"sip:bob@192.0.2.80:5080"))

    def test_without_failover(self) -> None:
        """Without flags bit 2 there is no list: nothing next, nothing to mark, nothing to set again."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 2, 8)
            return [
                one.destination_uri,
                functions.ds_next_dst(one),
                functions.ds_mark_dst(one),
                functions.ds_set_dst(one),
            ]

        self.assertEqual(self.run_route(act, flags=0), [b"sip:192.0.2.81:5081", -1, -1, -1])

    def test_again(self) -> None:
        """ds_set_dst and ds_set_domain take the destination in use once more, and none where none was selected."""

        def act(one: Request) -> object:
            codes = [functions.ds_set_dst(one), functions.ds_select_dst(one, 2, 8)]
            one.destination_uri = None
            codes += functions.ds_set_dst(one), functions.ds_set_domain(one), functions.ds_next_dst(one)
            return codes, one.uri

        self.assertEqual(self.run_route(act), ([-1, 1, 1, 1, 1], b"sip:bob@192.0.2.81:5081"))

    def test_an_odd_request_uri(self) -> None:
        """A Request-URI that can't be rewritten makes ds_next_domain fail, and the list goes on all the same."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 2, 8)
            one.view.uri = b"http://example.com"
            return functions.ds_next_domain(one), one.destination and one.destination.uri

        self.assertEqual(self.run_route(act), (-1, b"sip:192.0.2.80:5080"))

    def test_the_socket_stays(self) -> None:
        """A socket that a destination named stays in force for those that name none."""
        text = b"1 sip:192.0.2.72:5072\n1 sip:192.0.2.71:5071 0 0 socket=udp:192.0.2.1:5070\n"
        nets = (FakeTransport(), FakeTransport(port=5070))

        def act(one: Request) -> None:
            functions.ds_select_dst(one, 1, 8)
            functions.ds_next_dst(one)
            one.relay()

        farm = Farm(text, script=act, transports=nets, parameters=DispatcherConfig(flags=2))
        farm.receive(request(b"MESSAGE"))
        self.assertEqual([remote[1] for _, remote in nets[1].take()], [5072])


class MarkTests(FunctionsCase):
    def test_letters(self) -> None:
        """Letters add up, in any case; an a takes back those before it; another letter fails."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8)
            codes = []
            assert one.destination is not None
            for state in ("ip", "pa", b"DP", "x", "1", "IA", ""):
                codes.append((functions.ds_mark_dst(one, state), health.letters(one.destination.flags)))
            return codes

        self.assertEqual(
            self.run_route(act), [(1, "IP"), (1, "AX"), (1, "DX"), (-1, "DX"), (-1, "DX"), (1, "AX"), (1, "IX")]
        )

    def test_which(self) -> None:
        """It is the destination in use that is marked, the next one after ds_next_dst."""

        def act(one: Request) -> None:
            functions.ds_select_dst(one, 1, 8)
            functions.ds_next_dst(one)
            functions.ds_mark_dst(one, "d")

        self.run_route(act)
        states = [health.letters(one.flags) for one in self.farm.dispatcher.groups[1].members]
        self.assertEqual(states, ["AX", "DX", "AX"])

    def test_what_is_routed(self) -> None:
        """Whoever hears of the mark gets the request as it came, and where it is to go by now."""
        heard: list[Routed | None] = []

        def act(one: Request) -> None:
            functions.ds_select_dst(one, 1, 8)
            self.farm.dispatcher.observer = lambda change: heard.append(change.routed)
            functions.ds_mark_dst(one, "d")

        self.run_route(act)
        (routed,) = heard
        assert routed is not None
        self.assertTrue(routed.message.startswith(b"%b %b SIP/2.0\r\n" % (routed.method.encode(), routed.uri)))
        self.assertEqual(routed.destination_uri, b"sip:192.0.2.71:5071")

    def test_before_select(self) -> None:
        """Without a selection there is nothing to mark."""
        self.assertEqual(self.run_route(functions.ds_mark_dst), -1)


class ListTests(FunctionsCase):
    def test_exist(self) -> None:
        """A set exists when a destination of it was loaded; what is no number is -2."""
        for group, code in ((1, 1), ("2", 1), (3, -1), (-1, -1), ("x", -2), ("", -2), ("99999999999", -2)):
            for function in (functions.ds_list_exist, functions.ds_list_exists):
                self.assertEqual(self.run_route(_calling(function, group)), code, group)

    def test_active(self) -> None:
        """A set is active when one of its members can be picked, a URI when it is one of these."""
        for how, code in (
            ((1,), 1),
            ((2,), -1),
            ((3,), -1),
            (("x",), -1),
            ((1, b"sip:192.0.2.71:5071"), 1),
            ((1, b"sip:192.0.2.99"), -1),
        ):
            text = LIST + b"2 sip:192.0.2.80:5080 1\n"
            self.assertEqual(self.run_route(_calling(functions.ds_is_active, *how), text), code, how)

    def test_reload(self) -> None:
        """A reload is asked for where somebody can do it, and not waited for."""
        self.assertEqual(self.run_route(functions.ds_reload), -1)
        asked: list[str] = []

        def act(one: Request) -> int:
            one.router.reload = lambda: asked.append("reload")
            return functions.ds_reload(one)

        self.assertEqual(self.run_route(act), 1)
        self.assertEqual(asked, ["reload"])


class FromListTests(FunctionsCase):
    """Its rules are tested in dispatch.test.balance.test_membership; recorded cases in dispatch.test.vectors."""

    def test_arguments(self) -> None:
        """Without arguments the source is searched in all sets, and protocols don't count."""
        text = b"1 sip:192.0.2.9:5060;transport=tcp\n2 sip:192.0.2.9:5060;transport=udp\n3 sip:192.0.2.99\n"
        for how, code in (
            ((), 1),
            ((1,), 1),
            ((3,), -1),
            ((1, 0), -1),
            ((2, 0), 1),
            (("2", "3", b""), 1),
            ((3, 2, b"sip:192.0.2.99"), 1),
            (("x",), -1),
            ((1, "x"), -1),
        ):
            self.assertEqual(self.run_route(_calling(functions.ds_is_from_list, *how), text), code, how)

    def test_names(self) -> None:
        """A name that is not known is no match, and nobody waits for it; one that is known is looked at."""

        def act(one: Request) -> object:
            before = functions.ds_is_from_list(one, -1, 3, b"sip:gw.example")
            one.router.lookup = {"gw.example": "192.0.2.71"}.get
            return before, functions.ds_is_from_list(one, -1, 3, b"sip:gw.example")

        self.assertEqual(self.run_route(act), (-1, 1))

    def test_variables(self) -> None:
        """The set is written only where all were searched, attributes only where there are some."""
        text = b"1 sip:192.0.2.9 0 0 a=b\n2 sip:192.0.2.10\n"

        def act(one: Request) -> object:
            found = []
            for group, uri in ((1, b""), (-1, b"sip:192.0.2.10"), (-1, b"")):
                functions.ds_is_from_list(one, group, 3, uri)
                found.append((one.view.values.avp("set"), one.view.values.avp("attrs")))
            return found

        found = self.run_route(act, text, setid_pvname="$avp(set)", attrs_pvname="$avp(attrs)")
        self.assertEqual(found, [(None, b"a=b"), (b"2", b"a=b"), (b"1", b"a=b")])


class LoadTests(FunctionsCase):
    def loads(self) -> list[int]:
        return [one.condition.tally.calls for one in self.farm.dispatcher.destinations()]

    def test_update(self) -> None:
        """ds_load_update ends the call of a BYE and a CANCEL, and does nothing else to a request."""
        for method, calls in ((b"BYE", [0, 0]), (b"CANCEL", [0, 0]), (b"INVITE", [1, 0]), (b"INFO", [1, 0])):
            self.run_route(_calling(functions.ds_select_dst, 1, 10), CALLS, ds_hash_size=8)
            self.assertEqual(self.loads(), [1, 0])
            seen: list[int] = []
            self.farm.router.script = partial(_note, seen)
            self.farm.receive(request(method, branch=b"z9hG4bKb", to_tag=b"t"))
            self.assertEqual((seen, self.loads()), ([1], calls), method)

    def test_unset(self) -> None:
        """ds_load_unset takes the call out, once; the list stays, but ds_next_dst fails as the call is gone."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 10)
            return [*(functions.ds_load_unset(one) for _ in range(2)), functions.ds_next_dst(one)]

        self.assertEqual(self.run_route(act, CALLS, ds_hash_size=8), [1, -1, -1])
        self.assertEqual(self.loads(), [0, 0])

    def test_unset_of_others(self) -> None:
        """An INVITE that was not picked by call load has nothing to take out, and that is fine."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 8)
            return functions.ds_load_unset(one)

        self.assertEqual(self.run_route(act, CALLS, ds_hash_size=8), 1)

    def test_next(self) -> None:
        """ds_next_dst moves the call along."""

        def act(one: Request) -> object:
            functions.ds_select_dst(one, 1, 10)
            return functions.ds_next_dst(one)

        self.assertEqual(self.run_route(act, CALLS, ds_hash_size=8), 1)
        self.assertEqual(self.loads(), [0, 1])
