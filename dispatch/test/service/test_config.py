"""Tests of reading the configuration."""

from __future__ import annotations

from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.algorithms import TABLE
from dispatch.errors import ConfigErrors
from dispatch.service.config import Config
from dispatch.service.config_file import TABLES, examine, load
from dispatch.service.listen import Listen

KEYS = [key for _, readers in TABLES.values() for key in readers] + ["x", '"y z"', "sip.timers", "advertise.'a.b'"]
VALUES = [
    "1",
    "-1",
    "0.5",
    "inf",
    "nan",
    "true",
    '"udp:127.0.0.1"',
    "'x'",
    "[]",
    "{}",
    "[1, 'x', []]",
    "{ a = 1 }",
    "1979-05-27",
]
PIECES = [f"[{table}]" for table in (*TABLES, "x", "[sip]")] + [f"{key} = {value}" for key in KEYS for value in VALUES]
LEAST = """\
[sip]
listen = ["udp:127.0.0.1:5060"]
[dispatcher]
list_file = "dispatcher.list"
flags = 2
"""


class ConfigCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp()).absolute()

    def load(self, text: str | bytes) -> Config:
        self.path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load(self.path)

    def problems(self, text: str | bytes) -> list[tuple[int, str]]:
        """Line and text of each problem."""
        with self.assertRaises(ConfigErrors) as caught:
            self.load(text)
        return [(problem.line, problem.remedy) for problem in caught.exception.problems]

    def warnings(self, text: str) -> list[tuple[int, str]]:
        return [(hint.line, hint.remedy) for hint in self.load(text).warnings]

    def assert_problem(self, text: str, line: int, *words: str) -> None:
        """That there is one problem, in this line, which speaks of these words."""
        ((found, remedy),) = self.problems(text)
        self.assertEqual(found, line)
        for word in words:
            self.assertIn(word, remedy)


class ValueTests(ConfigCase):
    def test_the_least_that_works(self) -> None:
        """Where to listen and the list are enough; all else has its default."""
        config = self.load(LEAST)
        self.assertEqual(config.sip.listen, (Listen("udp", "127.0.0.1", 5060),))
        self.assertEqual(config.dispatcher.list_file, self.path.parent / "dispatcher.list")
        self.assertEqual(config.sip.secret_file, self.path.parent / "secret")
        self.assertEqual((config.route.set, config.route.algorithm, config.route.relay), (1, 4, "stateful"))
        self.assertEqual(config.warnings, ())

    def test_all_keys(self) -> None:
        """Each key comes through as it was written."""
        config = self.load("""
            [sip]
            listen = ["udp:0.0.0.0:5070", "tcp:[::1]:5060"]
            alias = ["sip.example.com", "sip.example.com:5080"]
            advertise = { "udp:0.0.0.0:5070" = "203.0.113.7:5090", "tcp:[::1]:5060" = "sip.example.com" }
            secret_file = "/etc/secret"
            [sip.timers]
            t1 = 1
            fr_timer = 2.5
            [sip.limits]
            message = 4096
            [dispatcher]
            list_file = "/etc/list"
            flags = 3
            use_default = 1
            force_dst = 0
            ds_load_mode = 1
            [lists]
            reload_keeps_state = false
            [route]
            set = 7
            algorithm = "hash-callid"
            mode = "domain"
            relay = "stateless"
            failover_on = []
            failover_attempts = 2
            failover_time = 5
        """)
        sip, route = config.sip, config.route
        self.assertEqual(sip.alias, ("sip.example.com", "sip.example.com:5080"))
        self.assertEqual(
            [sip.sent_by(listen) for listen in sip.listen], [("203.0.113.7", 5090), ("sip.example.com", 5060)]
        )
        self.assertEqual(sip.secret_file, Path("/etc/secret"))
        self.assertEqual((sip.timers.t1, sip.timers.fr_timer, sip.timers.t2), (1.0, 2.5, 4.0))
        self.assertEqual((sip.limits.message, sip.limits.headers), (4096, 256))
        dispatcher = config.dispatcher
        self.assertEqual(dispatcher.list_file, Path("/etc/list"))
        self.assertEqual((dispatcher.flags, dispatcher.use_default, dispatcher.force_dst), (3, 1, 0))
        self.assertEqual(dispatcher.ds_load_mode, 1)
        self.assertFalse(config.lists.reload_keeps_state)
        self.assertEqual(
            (route.set, route.algorithm, route.mode, route.relay), (7, "hash-callid", "domain", "stateless")
        )
        self.assertEqual((route.failover_on, route.failover_attempts, route.failover_time), ((), 2, 5.0))

    def test_a_single_string(self) -> None:
        """A list may be written as a single string."""
        config = self.load('[sip]\nlisten = "udp:127.0.0.1:5060"\nalias = "a.example"\n[dispatcher]\nflags = 2')
        self.assertEqual(config.sip.listen, (Listen("udp", "127.0.0.1", 5060),))
        self.assertEqual(config.sip.alias, ("a.example",))

    def test_sent_by(self) -> None:
        """A socket is known by its address; one on all addresses by an address that others can use."""
        sip = self.load('[sip]\nlisten = ["udp:127.0.0.1:5080", "udp:0.0.0.0:5060"]\n[dispatcher]\nflags = 2').sip
        self.assertEqual(sip.sent_by(sip.listen[0]), ("127.0.0.1", 5080))
        self.assertNotEqual(sip.sent_by(sip.listen[1])[0], "0.0.0.0")
        self.assertEqual(sip.sent_by(sip.listen[1])[1], 5060)

    def test_every_field_has_a_reader(self) -> None:
        """A key can be written exactly when it is a field of its dataclass."""
        for made, readers in TABLES.values():
            self.assertEqual({field.name for field in fields(made) if field.init}, set(readers))  # type: ignore[arg-type]  # a dataclass


class FileTests(ConfigCase):
    def test_beside_the_configuration(self) -> None:
        """Files of events and state are relative to the configuration; what is not named is not there."""
        config = self.load(LEAST + "[events]\nlog = 'e.log'\ndst_down = 'json:dumps'\n[state]\nfile = 's'")
        self.assertEqual((config.events.log, config.state.file), (self.path.parent / "e.log", self.path.parent / "s"))
        self.assertEqual((config.events.dst_down, config.events.dst_up), ("json:dumps", ""))
        config = self.load(LEAST + "[events]\n[state]")
        self.assertEqual((config.events.log, config.state.file), (None, None))


class TraceTests(ConfigCase):
    def test_export(self) -> None:
        """A collector and what it gets can be named; what is wrong with them is told."""
        trace = self.load(
            LEAST + '[trace]\nhep = "udp:192.0.2.40:9060"\nshare = 10\nfilter = { method = "INVITE" }'
        ).trace
        self.assertEqual((trace.hep, trace.share, trace.filter.method), (("192.0.2.40", 9060), 10, "INVITE"))
        self.assertIsNone(self.load(LEAST + "[trace]\nhep = ''").trace.hep)
        for wrong, words in (
            ('hep = "udp:homer:9060"', "names are not looked up here; write e.g. 'udp:192.0.2.40:9060'"),
            ("share = 0", "[trace] share must be a whole number from 1"),
            ("filter = { method = 7 }", "[trace.filter] method must be a string"),
            ("filter = { users = 'a' }", "has no key 'users'"),
        ):
            ((_, remedy),) = self.problems(LEAST + f"[trace]\n{wrong}")
            self.assertIn(words, remedy)


class ProblemTests(ConfigCase):
    def test_all_at_once(self) -> None:
        """Every problem is told, in the order of the lines, and in one text."""
        text = '[sip]\nlisten = ["udp:127.0.0.1:5060", "x"]\n[route]\nalgorithm = "x"\nmode = "dts"\nsets = 1\n'
        self.assertEqual([line for line, _ in self.problems(text)], [2, 4, 5, 6])
        with self.assertRaises(ConfigErrors) as caught:
            load(self.path)
        self.assertEqual(len(str(caught.exception).splitlines()), 4)
        self.assertTrue(str(caught.exception).startswith(f"{self.path}:2: "))

    def test_what_is_right_is_known(self) -> None:
        """Beside what is wrong, the rest can be looked at: the list, say."""
        self.path.write_text('[sip]\nlisten = ["x", "y"]\n[dispatcher]\nlist_file = "/etc/list"\nflags = "2"')
        config, problems = examine(self.path)
        self.assertEqual([problem.line for problem in problems], [2, 2, 5])
        self.assertEqual((config.dispatcher.list_file, config.dispatcher.flags), (Path("/etc/list"), 0))

    def test_unknown_names(self) -> None:
        """An unknown key or table brings its nearest valid name, or where it belongs, or what there is."""
        self.assert_problem(LEAST + "[rout]\nset = 1", 6, "'rout'", "'route'")
        self.assert_problem(LEAST + "[route]\nfailover = [503]", 7, "[route]", "'failover_on'")
        self.assert_problem(LEAST + "mode = 'dst'", 6, "[dispatcher]", "belongs under [route]")
        self.assert_problem(LEAST + "[lists]\nreload = 1", 7, "[lists]", "'reload_keeps_state'")

    def test_events(self) -> None:
        """A function that is not there, a URL of nobody and a file in no folder are told with a remedy."""
        for line, *words in (
            ('dst_down = "nobody_for_test:down"', "[events] dst_down", "can't be imported", "e.g. 'alarms:went_down'"),
            ('dst_up = "json:nothing"', "[events] dst_up", "no function 'nothing'"),
            ("dst_up = 5", "[events] dst_up", "a string like"),
            ('webhook = "alarms.example.com"', "[events] webhook", "no URL of http", "e.g. 'https://"),
            ('webhook = "http://me:secret@a/"', "[events] webhook", "token"),
            ('sinks = ["json:nothing"]', "[events] sinks", "no function 'nothing'", "e.g. 'alarms:make_sink'"),
            ('log = "nowhere/events.log"', "[events] log", "there is no folder", "make it"),
        ):
            self.assert_problem(f"{LEAST}[events]\n{line}", 7, *words)
        self.assert_problem(f"{LEAST}[state]\nfile = '..'", 7, "[state] file", "is a folder")
        self.assert_problem(f"{LEAST}[state]\ninterval = -1", 7, "[state] interval", "seconds")

    def test_control(self) -> None:
        """A door that strangers could come through is refused; one that others here can is told as a warning."""
        self.assert_problem(LEAST + "[control]\namp = 'tcp:2050'", 7, "on all addresses", "':interface=127.0.0.1'")
        self.assert_problem(
            LEAST + "[control]\namp = [\n'unix:a',\n'ssl:1']", 9, "'ssl:1'", "unix:/run/dispatch/amp.sock"
        )
        self.assert_problem(LEAST + f"[control]\namp = 'unix:{'x' * 108}'", 7, "107 bytes at most")
        self.assert_problem(LEAST + "[control]\nmanhol = 'tcp:1'", 7, "'manhole'")
        self.assertEqual(self.warnings(LEAST + "[control]\namp = 'unix:a'"), [])
        for text, words in (("tcp:2050:interface=127.0.0.1", "every user"), ("unix:a:mode=660", "its mode")):
            ((line, remedy),) = self.warnings(LEAST + f"[control]\namp = '{text}'")
            self.assertEqual(line, 7)
            self.assertIn(words, remedy)

    def test_listening(self) -> None:
        """Where to listen must be said, once each, in a form that is known."""
        self.assert_problem("[dispatcher]\nflags = 2", 0, "listen", "missing")
        self.assert_problem("[sip]\nlisten = []", 2, "empty")
        self.assert_problem("[sip]\nlisten = [\n'udp:127.0.0.1',\n'udp:127.0.0.1:5060']", 4, "twice")
        self.assert_problem("[sip]\nlisten = [\n'udp:127.0.0.1',\n'sctp:127.0.0.1']", 4, "'sctp:127.0.0.1'")
        self.assert_problem("[sip]\nlisten = 5060", 2, "a list", "5060")

    def test_tls(self) -> None:
        """A TLS socket needs a certificate, who asks callers must know whom to believe, and what is open is told."""
        tls = LEAST.replace("udp:127.0.0.1:5060", "tls:127.0.0.1") + "[sip.tls]\n"
        self.assert_problem(tls, 6, "tls:127.0.0.1:5061 needs a certificate", "certificate = 'FILE'")
        tls += "certificate = 'a.pem'\n"
        self.assert_problem(tls + "verify_client = true", 8, "who may sign", "ca = 'FILE'")
        self.assert_problem(tls + "ca = 'b'\nverify_client = 'tls:127.0.0.1:5062'", 9, "5062, which is not listened on")
        self.assert_problem(tls + "minimum = '1.1'", 8, "[sip.tls] minimum", "'1.2'")
        self.assert_problem(tls + "ciphers = 'nothing'", 8, "no cipher")
        self.assert_problem(tls + "names = { '192.0.2.1' = { certificate = 'c' } }", 8, "no host name")
        self.assert_problem(tls + '[sip.tls.names."a.example"]\nprivate_key = "c"', 8, "has no certificate")
        self.assert_problem(tls + "client = { certificat = 'c', certificate = 'd' }", 8, "did you mean 'certificate'?")
        ((line, remedy),) = self.warnings(tls + "verify_server = false")
        self.assertEqual(line, 8)
        self.assertIn("whoever answers", remedy)
        read = self.load(tls + "client = { certificate = 'c' }\n[sip.tls.names.'A.Example']\ncertificate = 'd'").sip.tls
        base = self.path.parent
        assert read.client is not None
        self.assertEqual(
            (read.certificate, read.client.certificate, read.names["a.example"].certificate),
            (base / "a.pem", base / "c", base / "d"),
        )

    def test_names_of_ours(self) -> None:
        """What is advertised belongs to a socket that is listened on; aliases are hosts."""
        other = '[sip]\nlisten = "udp:127.0.0.1:5060"\nadvertise = {"udp:127.0.0.1:5061" = "a"}'
        self.assert_problem(other, 3, "udp:127.0.0.1:5061", "did you mean 'udp:127.0.0.1:5060'?")
        several = '[sip]\nlisten = "udp:127.0.0.1:5060"\n[sip.advertise]\n"x" = "a"\n"udp:127.0.0.1:5060" = 3'
        self.assertEqual([line for line, _ in self.problems(several)], [4, 5])
        self.assert_problem('[sip]\nlisten = "udp:127.0.0.1:5060"\nalias = ["a", "sip:b"]', 3, "'sip:b'")

    def test_proxy_protocol(self) -> None:
        """It is for a stream that is listened on, and names who may send it."""
        start = '[sip]\nlisten = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]\nproxy_protocol = '
        for value, words in (
            ('{"tcp:127.0.0.1:5061" = "10.0.0.1"}', "not listened on"),
            ('{"udp:127.0.0.1:5060" = "10.0.0.1"}', "for streams"),
            ('{"tcp:127.0.0.1:5060" = []}', "no source"),
            ('{"tcp:127.0.0.1:5060" = "10.0.0.1/8"}', "host bits"),
            ("3", "a table"),
        ):
            self.assert_problem(start + value, 3, words)
        config = self.load(start + '{"tcp:127.0.0.1:5060" = ["10.0.0.0/8", "2001:db8::1"]}')
        (sources,) = config.sip.proxy_protocol.values()
        self.assertEqual(sources, (ip_network("10.0.0.0/8"), ip_network("2001:db8::1/128")))

    def test_aliases(self) -> None:
        """An alias has one spelling, in lower case, and keeps its port."""
        written = '["SIP.example.com:5080", "[2001:DB8:0::1]", "[2001:db8::2]:5080", "[::ffff:192.0.2.1]"]'
        self.assertEqual(
            self.load(f'[sip]\nlisten = "udp:127.0.0.1"\nalias = {written}').sip.alias,
            ("sip.example.com:5080", "[2001:db8::1]", "[2001:db8::2]:5080", "192.0.2.1"),
        )

    def test_origins(self) -> None:
        """A page is named by scheme, host and port alone; a socket that takes any page is warned of."""
        start = '[sip]\nlisten = "ws:127.0.0.1:8080"\n[dispatcher]\nflags = 2\n'
        for value in ('"phone.example.com"', '"https://phone.example.com/"', '"*"', '""', "[3]"):
            self.assert_problem(f"{start}[sip.websocket]\norigins = {value}", 6, "https://phone.example.com")
        good = f'{start}[sip.websocket]\norigins = ["https://Phone.example.com:8443", "http://[::1]:80", "null"]'
        self.assertEqual(
            self.load(good).sip.websocket.origins, ("https://phone.example.com:8443", "http://[::1]:80", "null")
        )
        self.assertEqual(self.warnings(good), [])
        ((line, _),) = self.warnings(start)
        self.assertEqual(line, 2)

    def test_algorithms(self) -> None:
        """An algorithm is one of the table, by number or name."""
        self.assert_problem(LEAST + "[route]\nalgorithm = 'round-robbin'", 7, "did you mean 'round-robin'?")
        self.assert_problem(LEAST + "[route]\nalgorithm = 'none'", 7, "4 (round-robin)")
        self.assert_problem(LEAST + "[route]\nalgorithm = true", 7, "number or name")

    def test_failover(self) -> None:
        """Failover is for answers of 300 to 599, as a 6xx speaks for all, and for 32 destinations at most."""
        route = self.load(LEAST + "[route]\nfailover_on = [300, 599]\nfailover_attempts = 32").route
        self.assertEqual((route.failover_on, route.failover_attempts), ((300, 599), 32))
        for wrong in (299, 600, 603):
            self.assert_problem(f"{LEAST}[route]\nfailover_on = [503, {wrong}]", 7, "failover_on", "from 300 to 599")
        for wrong in (0, 33):
            self.assert_problem(f"{LEAST}[route]\nfailover_attempts = {wrong}", 7, "failover_attempts", "from 1 to 32")

    def test_a_table_must_be_one(self) -> None:
        """A value in the place of a table is refused."""
        self.assert_problem("lists = 3\n" + LEAST, 1, "lists", "a table")

    def test_not_toml(self) -> None:
        """A slip in the syntax is one problem with its line."""
        self.assert_problem("[sip]\nlisten = \n", 2, "not TOML")
        self.assert_problem("[sip]\nlisten = [", 2, "not TOML", "end of the file")
        self.assert_problem(f"{LEAST}[sip.timers]\nt1 = 1\nt1 = 2", 8, "not TOML", "remove one")

    def test_what_python_can_not_hold(self) -> None:
        """Numbers of thousands of digits, and brackets thousands deep, are one problem and no traceback."""
        self.assert_problem(f"{LEAST}[route]\nset = {'9' * 5000}", 7, "thousands of digits")
        self.assert_problem(f"{LEAST}[route]\nset = {'[' * 5000}{']' * 5000}", 0, "too deeply")

    def test_a_mark_at_the_beginning(self) -> None:
        """The byte order mark that some editors write is no part of the file."""
        self.path.write_bytes(b"\xef\xbb\xbf" + LEAST.encode())
        self.assertEqual(examine(self.path)[1], ())

    def test_not_text(self) -> None:
        """A file that is not UTF-8 is one problem with its line."""
        self.assertEqual(self.problems(b"[sip]\n# \xff\n"), [(2, "not UTF-8; save it as UTF-8")])

    def test_no_file(self) -> None:
        """A file that can't be read is one problem with the reason."""
        with self.assertRaises(ConfigErrors) as caught:
            load(self.path)
        self.assertEqual(str(caught.exception), f"{self.path}: can't be read: No such file or directory")

    @given(st.lists(st.sampled_from(PIECES), max_size=12))
    def test_anything(self, pieces: list[str]) -> None:
        """Whatever the file says, it is read or refused, and every problem but a missing table has a line."""
        self.path.write_text("\n".join(pieces))
        try:
            _, problems = examine(self.path)
        except ConfigErrors as error:
            problems = error.problems
        for problem in problems:
            self.assertTrue(problem.line or "missing" in problem.remedy, problem)


class WarningTests(ConfigCase):
    def test_failover_without_its_flag(self) -> None:
        """Codes to fail over on are no use without flags bit 2, and it is said how to go on."""
        ((line, remedy),) = self.warnings('[sip]\nlisten = "udp:127.0.0.1"\n[dispatcher]\nflags = 1')
        self.assertEqual(line, 4)
        self.assertIn("flags = 3", remedy)
        self.assertEqual(self.warnings('[sip]\nlisten = "udp:127.0.0.1"\n[route]\nfailover_on = []'), [])

    def test_stateless_needs_the_same_way(self) -> None:
        """Stateless relay is warned of with an algorithm that may send a CANCEL elsewhere, and with no other."""
        ((line, remedy),) = self.warnings(LEAST + '[route]\nrelay = "stateless"')
        self.assertEqual(line, 7)
        self.assertIn("hash-callid", remedy)
        text = LEAST + 'hash_pvar = "$ci"\nds_hash_size = 4\n[route]\nrelay = "stateless"\n'
        moving = [row.name for row in TABLE if self.warnings(f"{text}algorithm = {row.name!r}")]
        self.assertEqual(
            moving,
            [
                *("round-robin", "hash-auth", "random", "weight", "call-load", "relative-weight", "latency"),
                *("weighted", "priority-weight", "priority-or-round-robin", "overload-control"),
            ],
        )

    def test_live_traffic(self) -> None:
        """A table that ejects nobody is warned of, and so is what needs outcomes where nothing is remembered."""
        ((line, remedy),) = self.warnings(LEAST + "[health.ejection]\nbase_time = 5")
        self.assertEqual(line, 6)
        self.assertIn("consecutive_failures = 5", remedy)
        self.assertEqual(self.warnings(LEAST + "[health.ejection]\nconsecutive_failures = 5"), [])
        ((_, remedy),) = self.warnings(LEAST + "[health.ejection]\nconsecutive_failures = 5\nmax_ejected_percent = 0")
        self.assertIn("max_ejected_percent = 0; write e.g. 50", remedy)
        stateless = LEAST + "[route]\nrelay = 'stateless'\nalgorithm = 0\n"
        for text in ("[health]\nretry_after = 5", "[health.ejection]\nsuccess_rate_factor = 1.9"):
            ((line, remedy),) = self.warnings(stateless + text)
            self.assertEqual(line, 9)
            self.assertIn("no effect with relay = 'stateless'", remedy)
        self.assertEqual(self.warnings(stateless + "[health]\nslow_start = 5\npanic_threshold = 50"), [])

    def test_unknown_number(self) -> None:
        """A number that is no algorithm is taken, as in the original, with a warning that names those there are."""
        ((line, remedy),) = self.warnings(LEAST + "[route]\nalgorithm = 99")
        self.assertEqual(line, 7)
        self.assertIn("the first destination gets all; there are 0 (hash-callid)", remedy)

    def test_needs(self) -> None:
        """An algorithm without the parameter that it needs is warned of, and with it it is not."""
        for algorithm, need in ((7, 'hash_pvar = "$ci"'), ("'call-load'", "ds_hash_size = 4")):
            text = f"[route]\nalgorithm = {algorithm}\n"
            ((line, remedy),) = self.warnings(LEAST + text)
            self.assertEqual(line, 7)
            self.assertIn(f"needs [dispatcher] {need.split()[0]}", remedy)
            self.assertEqual(self.warnings(f"{LEAST}{need}\n{text}"), [])

    def test_silence_is_accepted(self) -> None:
        """Reply codes with 408 keep in who is silent: that is warned of, unless silence is said to be a failure."""
        for codes in ("class=4", "code=404;code=408"):
            text = f'{LEAST}ds_ping_reply_codes = "{codes}"\n'
            ((line, remedy),) = self.warnings(text)
            self.assertEqual(line, 6)
            self.assertIn("timeout_is_failure = true", remedy)
            self.assertEqual(self.warnings(text + "[health]\ntimeout_is_failure = true"), [])
        self.assertEqual(self.warnings(f'{LEAST}ds_ping_reply_codes = "code=404;class=5"'), [])

    def test_stateless_has_no_failover(self) -> None:
        """Codes to fail over on are no use in stateless relay."""
        text = '[route]\nrelay = "stateless"\nalgorithm = 0\nfailover_on = 503'
        ((line, _),) = self.warnings(LEAST + text)
        self.assertEqual(line, 9)

    def test_udp_mtu_needs_tcp(self) -> None:
        """Without a TCP socket no request can leave by TCP."""
        ((line, _),) = self.warnings("[sip]\nudp_mtu = 1300\n" + LEAST.removeprefix("[sip]\n"))
        self.assertEqual(line, 2)
        both = LEAST.replace('["udp:127.0.0.1:5060"]', '["udp:127.0.0.1", "tcp:127.0.0.1"]\nudp_mtu = 1300')
        self.assertEqual(self.warnings(both), [])

    def test_all_addresses_need_a_name(self) -> None:
        """A socket on all addresses is warned of, unless it is said by which name it is known."""
        listen = '[sip]\nlisten = ["udp:0.0.0.0:5060"]\n'
        flags = "[dispatcher]\nflags = 2"
        ((line, remedy),) = self.warnings(listen + flags)
        self.assertEqual(line, 2)
        self.assertIn("advertise", remedy)
        self.assertEqual(self.warnings(listen + 'advertise = {"udp:0.0.0.0" = "198.51.100.1"}\n' + flags), [])
