"""Tests of the module's parameters: what may be written, and what not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ConfigErrors
from dispatch.service.config import Config
from dispatch.service.config_file import load
from dispatch.service.dispatcher_config import DispatcherConfig

LISTEN: Final = '[sip]\nlisten = ["udp:127.0.0.1:5060", "tcp:[::1]:5070"]\n[route]\nfailover_on = []\n[dispatcher]\n'
LINE: Final = 6

DEFAULTS: Final[Mapping[str, object]] = {
    "list_file": Path("/etc/kamailio/dispatcher.list"),
    "db_url": "",
    "table_name": "dispatcher",
    "setid_col": "setid",
    "destination_col": "destination",
    "flags_col": "flags",
    "priority_col": "priority",
    "attrs_col": "attrs",
    "force_dst": 1,
    "flags": 0,
    "use_default": 0,
    "dst_avp": "",
    "grp_avp": "",
    "cnt_avp": "",
    "dstid_avp": "",
    "attrs_avp": "",
    "sock_avp": "",
    "hash_pvar": "",
    "setid_pvname": "",
    "attrs_pvname": "",
    "ds_ping_method": "OPTIONS",
    "ds_ping_from": "sip:dispatcher@localhost",
    "ds_ping_interval": 0,
    "ds_probing_threshold": 1,
    "ds_inactive_threshold": 1,
    "ds_ping_reply_codes": "",
    "ds_ping_latency_stats": 0,
    "ds_latency_estimator_alpha": 900,
    "ds_probing_mode": 0,
    "ds_hash_size": 0,
    "ds_hash_expire": 7200,
    "ds_hash_initexpire": 7200,
    "ds_hash_check_interval": 30,
    "outbound_proxy": "",
    "ds_default_socket": "",
    "ds_timer_mode": 0,
    "ds_load_mode": 0,
    "ds_dns_mode": 1,
    "ds_dns_interval": 600,
    "ds_dns_ttl": 0,
}
"""As the documentation of the original has them."""

RIGHT: Final[Mapping[str, tuple[str, ...]]] = {
    "list_file": ("'/etc/list'",),
    "db_url": ("''", "'mysql://user:pw@host/db'", "'sqlite:////tmp/x'", "'postgres://h/db'"),
    **{name: ("'a'", "'My_2'", "'9'") for name in DEFAULTS if name == "table_name" or name.endswith("_col")},
    "flags": ("0", "3"),
    **dict.fromkeys(("force_dst", "use_default", "ds_load_mode", "ds_timer_mode"), ("0", "1")),
    **{name: ("''", "'$avp(x)'", "'$avp(s:x)'", "'$avp(i:27)'") for name in DEFAULTS if name.endswith("_avp")},
    "hash_pvar": ("''", "'$fU@$ci'", "'text'"),
    "setid_pvname": ("''", "'$var(x)'", "'$avp(x)'"),
    "attrs_pvname": ("''", "'$var(x)'", "'$avp(x)'"),
    "ds_ping_method": ("'OPTIONS'", "'X-PING'"),
    "ds_ping_from": ("'sip:a@example.com'", "'sips:[::1]:5061;lr'"),
    "outbound_proxy": ("''", "'sip:example.com'"),
    **dict.fromkeys(("ds_ping_interval", "ds_probing_threshold", "ds_inactive_threshold"), ("0", "86400")),
    "ds_ping_reply_codes": ("''", "'class=3'", "'code=404;class=3'", "'code=404;;class=3'", "'CODE=404;Class=5'"),
    "ds_ping_latency_stats": ("0", "1"),
    "ds_latency_estimator_alpha": ("1", "999"),
    "ds_probing_mode": ("0", "3"),
    "ds_hash_size": ("0", "31"),
    **dict.fromkeys(("ds_hash_expire", "ds_hash_initexpire"), ("0", "7200")),
    "ds_hash_check_interval": ("1", "7200"),
    "ds_dns_mode": ("0", "1", "2", "4", "8", "15"),
    "ds_dns_interval": ("1", "600"),
    "ds_dns_ttl": ("0", "60"),
    "ds_default_socket": ("''", "'udp:127.0.0.1:5060'", "'tcp:[::1]'"),
}
_NUMBER: Final = ("-1", "'1'", "1.0", "true", "[]")
_TEXT: Final = ("1", "[]", "{}", "true", '"a\\u0000b"', '"a\\r\\nb"')
WRONG: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (*_NUMBER,) if isinstance(value, int) else (*_TEXT,) for name, value in DEFAULTS.items()},
    "list_file": ("1", "''", "[]"),
    "db_url": (*_TEXT, "'mysql'", "'mysql:user:pw@host/db'", "'a b://c'"),
    **{
        name: (*_TEXT, "''", "'a-b'", "'a b'", "'a;drop'", "'ä'")
        for name in DEFAULTS
        if name == "table_name" or name.endswith("_col")
    },
    "flags": (*_NUMBER, "4"),
    **dict.fromkeys(("force_dst", "use_default", "ds_load_mode", "ds_timer_mode"), (*_NUMBER, "2")),
    **{name: (*_TEXT, "'dsdst'", "'$var(x)'", "'$avp(x'", "'$avp()'") for name in DEFAULTS if name.endswith("_avp")},
    "hash_pvar": (*_TEXT, "'$fX'", "'a $'"),
    "setid_pvname": (*_TEXT, "'x'", "'var(x)'", "'$var(x'", "'$ci'", "'$var(x) '"),
    "attrs_pvname": (*_TEXT, "'x'", "'var(x)'", "'$var(x'", "'$fu'", "'$var(x)$var(y)'"),
    "ds_ping_method": (*_TEXT, "''", "'A B'", "'INVITE'", "'ACK'", "'CANCEL'"),
    "ds_ping_from": (*_TEXT, "''", "'<sip:a@b>'", "'a@b'"),
    "outbound_proxy": (*_TEXT, "'<sip:a@b>'", "'b'"),
    "ds_ping_reply_codes": (*_TEXT, "' code = 404'", "'code=404 code=302'", "'class=4;'", "';'"),
    "ds_ping_latency_stats": (*_NUMBER, "2"),
    "ds_latency_estimator_alpha": (*_NUMBER, "0", "1000"),
    "ds_probing_mode": (*_NUMBER, "4"),
    "ds_hash_size": (*_NUMBER, "32"),
    "ds_hash_check_interval": (*_NUMBER, "0"),
    "ds_dns_mode": (*_NUMBER, "16"),
    "ds_dns_interval": (*_NUMBER, "0"),
    "ds_default_socket": (*_TEXT, "'127.0.0.1'", "'udp:127.0.0.2:5060'", "'tls:[::1]'"),
}


class ParameterTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp()).absolute()

    def load(self, line: str) -> Config:
        self.path.write_text(LISTEN + line)
        return load(self.path)

    def test_defaults(self) -> None:
        """Every parameter has the default of the original, under its name."""
        config = DispatcherConfig()
        self.assertEqual({one.name: getattr(config, one.name) for one in fields(config)}, DEFAULTS)

    def test_what_may_be_written(self) -> None:
        """Whatever is allowed is read."""
        self.assertEqual(RIGHT.keys(), DEFAULTS.keys())
        for name, values in RIGHT.items():
            for value in values:
                written = getattr(self.load(f"{name} = {value}").dispatcher, name)
                self.assertEqual(str(written), value.strip("'"), name)

    def test_what_may_not(self) -> None:
        """Wrong types, values out of range and odd bytes are one problem each, with line and name."""
        for name, values in WRONG.items():
            for value in values:
                with self.assertRaises(ConfigErrors, msg=f"{name} = {value}") as caught:
                    self.load(f"{name} = {value}")
                (problem,) = caught.exception.problems
                self.assertEqual(problem.line, LINE)
                self.assertIn(f"[dispatcher] {name}", problem.remedy)

    def test_examples(self) -> None:
        """Every example can be written, where its socket is listened on, and is another value than the default."""
        for one in fields(DispatcherConfig):
            if one.name != "ds_default_socket":
                config = self.load(f"{one.name} = {one.metadata['example']}").dispatcher
                self.assertNotEqual(getattr(config, one.name), DEFAULTS[one.name])

    def test_unknown_names(self) -> None:
        """A parameter with a slip in its name brings the one that was meant."""
        for written, meant in (("ds_ping_intervall", "ds_ping_interval"), ("listfile", "list_file")):
            with self.assertRaises(ConfigErrors) as caught:
                self.load(f"{written} = 1")
            self.assertIn(f"did you mean {meant!r}?", str(caught.exception))

    def test_unknown_variables(self) -> None:
        """A variable with a slip in its name brings the one that was meant."""
        for line in ("hash_pvar = 'the $hdrs(X-Key)'", "hash_pvar = 'the $hdr'"):
            with self.assertRaises(ConfigErrors) as caught:
                self.load(line)
            self.assertIn("$hdr(NAME)", str(caught.exception))

    def test_passwords_stay_hidden(self) -> None:
        """A URL of a database that is wrong is not shown: there is a password in it."""
        with self.assertRaises(ConfigErrors) as caught:
            self.load("db_url = 'mysql:user:geheim@host'")
        self.assertNotIn("geheim", str(caught.exception))

    def test_reply_codes_of_no_use(self) -> None:
        """What the original passes over in silence is warned of."""
        for value in ("code=99", "class=7", "foo=1", "404", "code=abc;class=3"):
            (warning,) = self.load(f"ds_ping_reply_codes = '{value}'").warnings
            self.assertIn("has no effect", warning.remedy)
        (warning,) = self.load("ds_ping_reply_codes = 'code=404,class=9'").warnings
        self.assertIn("behind the comma", warning.remedy)
