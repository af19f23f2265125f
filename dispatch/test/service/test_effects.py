"""Tests of what each parameter of the module does: whatever has another value has another outcome.

A parameter is tested by the method of its name, or stands in one of the tables below with the reason why not.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.script import dispatcher as functions
from dispatch.script import values, variables
from dispatch.script.route import Request
from dispatch.service import parameters, runners, tree
from dispatch.service.config import Config
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.dns_config import DnsConfig
from dispatch.service.listen import Listen
from dispatch.service.sip_config import Sip
from dispatch.test.proxy.farm import Farm
from dispatch.test.service.test_tree import FakeReactor, free_port
from dispatch.test.wire import FakeTransport, request, response_to

ROOT: Final = Path(__file__).parents[3]

DOCUMENTED: Final = (
    *("list_file", "db_url", "table_name", "setid_col", "destination_col", "flags_col", "priority_col", "force_dst"),
    *("flags", "use_default", "dst_avp", "grp_avp", "cnt_avp", "dstid_avp", "attrs_avp", "sock_avp", "hash_pvar"),
    *("setid_pvname", "attrs_pvname", "ds_ping_method", "ds_ping_from", "ds_ping_interval", "ds_probing_threshold"),
    *("ds_inactive_threshold", "ds_ping_reply_codes", "ds_probing_mode", "ds_hash_size", "ds_hash_expire"),
    *("ds_hash_initexpire", "ds_hash_check_interval", "outbound_proxy", "ds_default_socket", "ds_timer_mode"),
)
"""The parameters that the module's own documentation has, in its order."""

NEWER: Final = (
    *("attrs_col", "ds_ping_latency_stats", "ds_latency_estimator_alpha", "ds_load_mode"),
    *("ds_dns_mode", "ds_dns_interval", "ds_dns_ttl"),
)
"""Those of 5.6 that we have too."""

MEANINGLESS: Final = ("ds_timer_mode",)
"""They mean nothing here; the documentation says so."""

LIST: Final = b"1 sip:192.0.2.73:5073\n1 sip:192.0.2.72:5072 0 0 duid=b\n1 sip:192.0.2.71:5071 0 0 duid=a;x=1\n"
NAMED: Final = LIST.replace(b"5073\n", b"5073 0 0 duid=c\n")


def evaluated(one: Request, text: str) -> str | None:
    """The value of a variable by now."""
    value = variables.parse(text)[0].read(one.view)
    return None if value is None else values.text(value).decode()


class EffectTests(SynchronousTestCase):
    def outcome(
        self,
        act: Callable[[Request], object],
        text: bytes = LIST,
        data: bytes = b"",
        **changed: Any,
    ) -> object:
        """What a route makes of a request."""
        seen: list[object] = []
        config = DispatcherConfig(**{"flags": 2, **changed})
        farm = Farm(text, script=lambda one: seen.append(act(one)), parameters=config)
        farm.receive(data or request())
        return seen[0]

    # --- the list

    def loaded(self, text: bytes, **changed: Any) -> list[bytes] | str:
        """What is in force after the start, or why there was none."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "dispatcher.list").write_bytes(text)
        (folder / "other.list").write_bytes(b"1 sip:other\n")
        names = {"list_file": folder / changed.pop("list_file", "dispatcher.list")}
        service = self.started({**names, **changed})
        return service if isinstance(service, str) else [one.uri for one in service.dispatcher.destinations()]

    def started(self, changed: dict[str, Any]) -> tree.DispatcherService | str:
        """The service with these parameters, or what there was instead of it."""
        folder = Path(self.mktemp())
        folder.mkdir()
        config = Config(
            folder / "dispatcher.toml",
            sip=Sip(listen=(Listen("udp", "127.0.0.1", free_port()),), secret_file=folder / "secret"),
            dispatcher=DispatcherConfig(**changed),
        )
        try:
            service = tree.make_service(config, FakeReactor())
        except Exception as error:
            return type(error).__name__
        self.addCleanup(service.stopService)
        return service

    def test_list_file(self) -> None:
        """It is the file that is read."""
        self.assertEqual(self.loaded(b"1 sip:one\n"), [b"sip:one"])
        self.assertEqual(self.loaded(b"1 sip:one\n", list_file="other.list"), [b"sip:other"])

    def test_ds_load_mode(self) -> None:
        """A bad destination is left out, or makes the whole list bad."""
        text = b"1 sip:one\n1 http://two\n"
        self.assertEqual(self.loaded(text), [b"sip:one"])
        self.assertEqual(self.loaded(text, ds_load_mode=1), "ConfigErrors")

    # --- names

    def looked_up(self, **given: Any) -> tuple[list[float], bool]:
        """When the name of a destination was asked for in 130 s, and whether its address is a destination's."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "list").write_text("1 sip:gw.example:5070\n")
        asked: list[float] = []
        reactor = FakeReactor()

        def resolve(receiver: Any, name: str, *rest: object) -> None:
            asked.append(reactor.seconds())
            receiver.addressResolved(IPv4Address("UDP", "192.0.2.7", 0))
            receiver.resolutionComplete()

        reactor.nameResolver.resolveHostName = resolve  # type: ignore[method-assign,assignment]
        config = Config(
            folder / "dispatcher.toml",
            sip=Sip(
                listen=(Listen("udp", "127.0.0.1", free_port()),),
                secret_file=folder / "secret",
                dns=DnsConfig(addresses="system"),
            ),
            dispatcher=DispatcherConfig(list_file=folder / "list", **given),
        )
        service = tree.make_service(config, reactor)
        service.startService()
        reactor.pump([0.25] * 520)
        is_member = service.router.membership.find("192.0.2.7", 5070, b"", 1) is not None
        service.stopService()
        return asked, is_member

    def test_ds_dns_mode(self) -> None:
        """Without 1, 2 and 4 the name of a destination matches nobody; with 4 it is looked up in time."""
        self.assertEqual([self.looked_up(ds_dns_mode=mode)[1] for mode in (0, 8, 1, 2, 4)], [False] * 2 + [True] * 3)

    def test_ds_dns_interval(self) -> None:
        """With mode 4 a name is looked up so often at least, whatever its TTL is."""
        self.assertLessEqual(len(self.looked_up(ds_dns_mode=1, ds_dns_interval=10)[0]), 3)
        self.assertGreaterEqual(len(self.looked_up(ds_dns_mode=4, ds_dns_interval=10)[0]), 13)

    def test_ds_dns_ttl(self) -> None:
        """An answer holds so long, in place of its own TTL."""
        self.assertEqual(len(self.looked_up(ds_dns_ttl=600)[0]), 1)
        self.assertGreaterEqual(len(self.looked_up(ds_dns_ttl=10)[0]), 13)

    # --- the database

    def stored(self, **changed: Any) -> list[tuple[bytes, int, int, int, bytes]] | str:
        """What is in force after the start from a database, which has two of everything."""
        path = Path(self.mktemp()).absolute()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE version (table_name TEXT, table_version INTEGER)")
            for table in ("dispatcher", "other"):
                columns = ("setid", "destination", "flags", "priority", "attrs")
                connection.execute(f"CREATE TABLE {table} ({', '.join(f'{one}, {one}2' for one in columns)})")
                connection.execute("INSERT INTO version VALUES (?, 4)", (table,))
                values = (1, 2, f"sip:{table}", f"sip:{table}2", 0, 8, 5, 6, "duid=a", "duid=b")
                connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        service = self.started({"db_url": f"sqlite:///{path}", **changed})
        if isinstance(service, str):
            return service
        return [(one.uri, one.group, one.flags, one.priority, one.duid) for one in service.dispatcher.destinations()]

    def test_db_url(self) -> None:
        """Where it is set the list comes from there, not from the file."""
        self.assertEqual(self.loaded(b"1 sip:one\n"), [b"sip:one"])
        self.assertEqual(self.stored(), [(b"sip:dispatcher", 1, 0, 5, b"a")])
        self.assertEqual(self.stored(db_url="sqlite:////nowhere/at/all"), "ConfigErrors")

    def test_table_name(self) -> None:
        """It is the table that is read."""
        self.assertEqual(self.stored(table_name="other"), [(b"sip:other", 1, 0, 5, b"a")])

    def test_setid_col(self) -> None:
        """It has the set."""
        self.assertEqual(self.stored(setid_col="setid2"), [(b"sip:dispatcher", 2, 0, 5, b"a")])

    def test_destination_col(self) -> None:
        """It has the URI."""
        self.assertEqual(self.stored(destination_col="destination2"), [(b"sip:dispatcher2", 1, 0, 5, b"a")])

    def test_flags_col(self) -> None:
        """It has the flags."""
        self.assertEqual(self.stored(flags_col="flags2"), [(b"sip:dispatcher", 1, 8, 5, b"a")])

    def test_priority_col(self) -> None:
        """It has the priority."""
        self.assertEqual(self.stored(priority_col="priority2"), [(b"sip:dispatcher", 1, 0, 6, b"a")])

    def test_attrs_col(self) -> None:
        """It has the attributes."""
        self.assertEqual(self.stored(attrs_col="attrs2"), [(b"sip:dispatcher", 1, 0, 5, b"b")])

    # --- selection

    def test_force_dst(self) -> None:
        """A second selection takes a request that has a destination, or fails."""

        def twice(one: Request) -> list[int]:
            return [functions.ds_select_dst(one, 1, 8) for _ in range(2)]

        self.assertEqual(self.outcome(twice), [1, 1])
        self.assertEqual(self.outcome(twice, force_dst=0), [1, -1])

    def test_flags(self) -> None:
        """Bit 1 leaves host and port out of the hash; bit 2 is failover."""
        uris = [b"sip:bob@a", b"sip:bob@b", b"sip:bob@c", b"sip:bob@d"]

        def picked(flags: int) -> set[object]:
            def pick(one: Request) -> bytes | None:
                functions.ds_select_dst(one, 1, 3)
                return one.destination_uri

            return {self.outcome(pick, data=request(uri=uri), flags=flags) for uri in uris}

        self.assertGreater(len(picked(2)), 1)
        self.assertEqual(len(picked(3)), 1)

        def following(one: Request) -> int:
            functions.ds_select_dst(one, 1, 8)
            return functions.ds_next_dst(one)

        self.assertEqual([self.outcome(following, flags=flags) for flags in (0, 1, 2, 3)], [-1, -1, 1, 1])

    def test_use_default(self) -> None:
        """The last of the set is picked like the others, or only when they can't be."""

        def cycle(one: Request) -> list[bytes | None]:
            found = []
            for _ in range(3):
                one.select(1, 4)
                found.append(one.destination_uri[-4:] if one.destination_uri else None)
            return found

        self.assertEqual(self.outcome(cycle), [b"5071", b"5072", b"5073"])
        self.assertEqual(self.outcome(cycle, use_default=1), [b"5071", b"5072", b"5071"])

    def test_hash_pvar(self) -> None:
        """Algorithm 7 hashes what it names, and picks nothing without it."""

        def pick(one: Request) -> bytes | None:
            return one.destination_uri if functions.ds_select_dst(one, 1, 7) > 0 else None

        self.assertIsNone(self.outcome(pick))
        picked = {
            (key, self.outcome(pick, hash_pvar="x$hdr(X-Key)", data=request(headers=b"X-Key: %b\r\n" % key)))
            for key in (b"a", b"b", b"c", b"a", b"d", b"e")
        }
        self.assertEqual(len(picked), 5)
        self.assertGreater(len({uri for _, uri in picked}), 1)

    # --- AVPs of the failover list

    def shown(self, parameter: str, algorithm: int = 8, text: bytes = LIST, **more: Any) -> tuple[object, object]:
        """What an AVP holds after a selection: where the parameter does not name it, and where it does."""

        def act(one: Request) -> str | None:
            one.select(1, algorithm)
            return evaluated(one, "$(avp(a)[*])")

        return self.outcome(act, text, **more), self.outcome(act, text, **{parameter: "$avp(a)", **more})

    def test_dst_avp(self) -> None:
        """It gets the URIs, in order."""
        expected = "sip:192.0.2.71:5071, sip:192.0.2.72:5072, sip:192.0.2.73:5073"
        self.assertEqual(self.shown("dst_avp"), (None, expected))

    def test_grp_avp(self) -> None:
        """It gets the set."""
        self.assertEqual(self.shown("grp_avp"), (None, "1"))

    def test_cnt_avp(self) -> None:
        """It gets the number of destinations."""
        self.assertEqual(self.shown("cnt_avp"), (None, "3"))

    def test_dstid_avp(self) -> None:
        """It gets the `duid` of each, where calls are counted."""
        self.assertEqual(self.shown("dstid_avp", 10, NAMED, ds_hash_size=8), (None, "a, b, c"))
        self.assertEqual(self.shown("dstid_avp", 8, NAMED, ds_hash_size=8), (None, None))

    def test_attrs_avp(self) -> None:
        """It gets the attributes of those that have some."""
        self.assertEqual(self.shown("attrs_avp"), (None, "duid=a;x=1, duid=b"))

    def test_sock_avp(self) -> None:
        """It gets the sockets of those that have one."""
        text = LIST.replace(b"duid=b", b"socket=192.0.2.1")
        self.assertEqual(self.shown("sock_avp", text=text), (None, "udp:192.0.2.1:5060"))

    # --- membership

    def written(self, parameter: str) -> tuple[object, object]:
        """What a variable holds after a match: where the parameter does not name it, and where it does."""

        def act(one: Request) -> str | None:
            functions.ds_is_from_list(one, uri=b"sip:192.0.2.71:5071")
            return evaluated(one, "$vn(x)")

        return self.outcome(act), self.outcome(act, **dict[str, Any]({parameter: "$vn(x)"}))

    def test_setid_pvname(self) -> None:
        """It gets the set of the destination that matches."""
        self.assertEqual(self.written("setid_pvname"), (None, "1"))

    def test_attrs_pvname(self) -> None:
        """It gets the attributes of the destination that matches."""
        self.assertEqual(self.written("attrs_pvname"), (None, "duid=a;x=1"))

    # --- states

    def marked(self, *states: str, **changed: Any) -> object:
        """The state of a destination after it was marked."""

        def act(one: Request) -> str:
            one.select(1, 8)
            assert one.destination is not None
            for state in states:
                functions.ds_mark_dst(one, state)
            return health.letters(one.destination.flags)

        return self.outcome(act, **changed)

    def test_ds_probing_threshold(self) -> None:
        """So many failures make a destination inactive."""
        self.assertEqual([self.marked("t", ds_probing_threshold=many) for many in (0, 1, 2)], ["IX", "IX", "TX"])
        self.assertEqual(self.marked("t", "t", ds_probing_threshold=2), "IX")

    def test_ds_inactive_threshold(self) -> None:
        """So many successes make it active again."""
        self.assertEqual([self.marked("i", "a", ds_inactive_threshold=many) for many in (0, 1, 2)], ["AX", "AX", "IX"])
        self.assertEqual(self.marked("i", "a", "a", ds_inactive_threshold=2), "AX")

    def test_ds_probing_mode(self) -> None:
        """In mode 1 a destination that is marked without letters is probed too."""
        self.assertEqual([self.marked("", ds_probing_mode=mode) for mode in range(4)], ["IX", "IP", "IX", "IX"])

    # --- call load

    def calls(self, seconds: float, *, answered: bool, **changed: Any) -> list[int]:
        """How many calls are counted on each destination, so many seconds after two calls began."""
        config = DispatcherConfig(flags=2, **{"ds_hash_size": 8, **changed})
        farm = Farm(NAMED, script=lambda one: _ignored(one.select(1, 10)), parameters=config)
        for call_id in (b"one", b"two"):
            farm.receive(request(call_id=call_id, branch=b"z9hG4bK" + call_id))
            if answered:
                farm.dispatcher.load_update(call_id, b"INVITE", 200)
        farm.clock.advance(seconds)
        farm.dispatcher.expire_load()
        return [one.condition.tally.calls for one in farm.dispatcher.destinations()]

    def test_ds_hash_size(self) -> None:
        """Above 0, whatever it is, calls are counted."""
        counted = [self.calls(0.0, answered=False, ds_hash_size=size) for size in (0, 1, 31)]
        self.assertEqual(counted, [[0, 0, 0], [1, 1, 0], [1, 1, 0]])

    def test_ds_hash_expire(self) -> None:
        """A call that was answered is counted for so long."""
        for expire, counted in ((60, 0), (7200, 1)):
            self.assertEqual(self.calls(70.0, answered=True, ds_hash_expire=expire), [counted, counted, 0])

    def test_ds_hash_initexpire(self) -> None:
        """A call that was not answered is counted for so long, one that was is not asked."""
        for expire, counted in ((60, 0), (7200, 1)):
            self.assertEqual(self.calls(70.0, answered=False, ds_hash_initexpire=expire), [counted, counted, 0])
            self.assertEqual(self.calls(70.0, answered=True, ds_hash_initexpire=expire), [1, 1, 0])

    def test_ds_hash_check_interval(self) -> None:
        """So often it is looked for calls that are past their time."""
        looks: list[float] = []
        for interval in (30, 60):
            reactor = FakeReactor()
            service = runners.LoadService(lambda: looks.append(reactor.seconds()), interval, reactor)  # noqa: B023
            service.startService()
            reactor.pump([10.0] * 13)
            service.stopService()
            self.assertEqual(reactor.getDelayedCalls(), [])
        self.assertEqual(looks, [30.0, 60.0, 90.0, 120.0, 60.0, 120.0])

    # --- probing

    def probed(self, text: bytes = b"1 sip:192.0.2.71:5071 8\n", **given: Any) -> Farm:
        """A farm that probes each 30 s, or as said."""
        farm = Farm(text, parameters=DispatcherConfig(flags=2, **{"ds_ping_interval": 30, **given}))
        farm.prober.startService()
        return farm

    def answered(self, farm: Farm, status: int, after: float = 0.0) -> str:
        """The states once the latest probe was answered so long after it was sent."""
        farm.clock.advance(after)
        data, remote = farm.net.take()[-1]
        farm.receive(response_to(data, status), remote)
        return " ".join(health.letters(one.flags) for one in farm.dispatcher.destinations())

    def test_ds_ping_method(self) -> None:
        """Probes are requests of that method."""
        for method in ("OPTIONS", "INFO"):
            (line,) = self.probed(ds_ping_method=method).lines()
            self.assertEqual(line.split()[0], method)

    def test_ds_ping_from(self) -> None:
        """Probes come from that URI."""
        for sender in ("sip:dispatcher@localhost", "sip:us@example.com"):
            ((data, _),) = self.probed(ds_ping_from=sender).net.take()
            self.assertIn(f"\r\nFrom: <{sender}>;tag=".encode(), data)

    def test_ds_ping_interval(self) -> None:
        """So often a destination is probed."""
        for interval, count in ((10, 7), (30, 3)):
            farm = self.probed(ds_ping_interval=interval, ds_probing_mode=1)
            farm.wait(64.0)
            self.assertEqual(farm.prober.sent, count)

    def test_ds_ping_reply_codes(self) -> None:
        """These answers are as good as a 2xx."""
        for codes, states in (("", "IX"), ("code=404", "AX"), ("class=4", "AX"), ("class=5", "IX")):
            self.assertEqual(self.answered(self.probed(ds_ping_reply_codes=codes), 404), states)

    def test_ds_ping_latency_stats(self) -> None:
        """With 1 it is known how fast a destination answers."""
        for stats, average in ((0, 0.0), (1, 20.0)):
            farm = self.probed(ds_ping_latency_stats=stats)
            self.answered(farm, 200, 0.0201)
            (only,) = farm.dispatcher.destinations()
            self.assertEqual(only.condition.latency.average, average)

    def test_ds_latency_estimator_alpha(self) -> None:
        """So much of what was known stays in the estimate."""
        for alpha, estimate in ((900, 92.0), (500, 60.0)):
            text = b"1 sip:192.0.2.71:5071 8 0 latency=100\n"
            farm = self.probed(text, ds_ping_latency_stats=1, ds_latency_estimator_alpha=alpha)
            self.answered(farm, 200, 0.0201)
            (only,) = farm.dispatcher.destinations()
            self.assertAlmostEqual(only.condition.latency.estimate, estimate)

    def test_outbound_proxy(self) -> None:
        """Probes go there first; calls do not."""
        for proxy, port in (("", 5071), ("sip:192.0.2.8:5088", 5088)):
            farm = self.probed(outbound_proxy=proxy)
            self.assertEqual(farm.lines(), [f"OPTIONS sip:192.0.2.71:5071 SIP/2.0 > {port}"])
            farm.receive(request(b"MESSAGE"))
            self.assertEqual([line.split()[-1] for line in farm.lines()], ["5071"])

    # --- sockets

    def test_ds_default_socket(self) -> None:
        """Destinations without a socket of their own are called from it."""
        text = LIST.replace(b"duid=b", b"socket=udp:192.0.2.1:5060")
        for socket, ports in (("", [5060, 5060]), ("udp:192.0.2.1:5070", [5070, 5060])):
            nets = (FakeTransport(), FakeTransport(port=5070))
            farm = Farm(text, transports=nets, parameters=DispatcherConfig(flags=2, ds_default_socket=socket))
            for branch in (b"z9hG4bKa", b"z9hG4bKb"):
                farm.receive(request(b"MESSAGE", branch=branch))
            sent = {remote[1]: net.listener.port for net in nets for _, remote in net.take()}
            self.assertEqual([sent[5071], sent[5072]], ports)

    def test_ds_default_socket_of_another_kind(self) -> None:
        """A default socket that can't reach a destination keeps nobody from it (as in the original)."""
        nets = (FakeTransport(), FakeTransport(b"TCP"))
        config = DispatcherConfig(flags=2, ds_default_socket="udp:192.0.2.1:5060")
        farm = Farm(b"1 sip:192.0.2.71:5071;transport=tcp\n", transports=nets, parameters=config)
        farm.receive(request(b"MESSAGE"))
        self.assertEqual([remote[1] for _, remote in nets[1].take()], [5071])


def _ignored(value: object) -> None:
    """Lets a route be an expression."""


class CompletenessTests(SynchronousTestCase):
    def test_the_documented_ones(self) -> None:
        """The parameters here are those of the module's documentation, all of them."""
        path = ROOT / os.environ.get("SHARED", "../shared") / "reference" / "dispatcher-module.txt"
        if not path.exists():
            self.skipTest("the module's documentation is not here; SHARED=DIR says where reference/ is")
        headings = re.findall(r"^3\.\d+\. (\w+) \(\w+\)$", path.read_text(), re.MULTILINE)
        self.assertEqual(tuple(dict.fromkeys(headings)), DOCUMENTED)

    def test_all_are_there(self) -> None:
        """The configuration has every documented parameter, and those that are newer."""
        self.assertLessEqual({*DOCUMENTED, *NEWER}, {one.name for one in fields(DispatcherConfig)})

    def test_all_are_tested(self) -> None:
        """Every parameter has a test of its effect, or a reason why it has none."""
        for one in fields(DispatcherConfig):
            places = [
                hasattr(EffectTests, f"test_{one.name}"),
                one.name in MEANINGLESS,
            ]
            self.assertEqual(sum(places), 1, one.name)

    def test_it_is_said(self) -> None:
        """What means nothing is documented as that."""
        rows = dict(re.findall(r"^\| `(\w+)` (.*)$", parameters.text(), re.MULTILINE))
        for name, row in rows.items():
            self.assertEqual("means nothing." in row, name in MEANINGLESS, name)
