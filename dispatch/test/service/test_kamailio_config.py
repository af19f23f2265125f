"""A `kamailio.cfg` as the configuration of the service."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ConfigErrors
from dispatch.service import config_file, kamailio_config
from dispatch.service.config import Config

_ROUTE = "request_route { exit; }\n"


class KamailioConfigTests(SynchronousTestCase):
    def load(self, text: str) -> Config:
        path = Path(self.mktemp())
        path.write_text(text, encoding="utf-8")
        return config_file.load(path)

    def told(self, text: str) -> str:
        with self.assertRaises(ConfigErrors) as caught:
            self.load(text)
        return str(caught.exception)

    def test_content_tells(self) -> None:
        """A file is a kamailio.cfg by what is in it; TOML never is."""
        self.assertTrue(kamailio_config.is_cfg("#!KAMAILIO\n"))
        self.assertTrue(kamailio_config.is_cfg('# mine\nloadmodule "tm.so"\n'))
        self.assertFalse(kamailio_config.is_cfg('[route]\nset = 1\n[sip]\nlisten = ["udp:127.0.0.1:5060"]\n'))

    def test_same_keys(self) -> None:
        """Sockets, names, timers and parameters of the dispatcher are where a TOML file has them."""
        config = self.load(
            "listen=udp:127.0.0.1:5070\nlisten=tcp:127.0.0.1:5070\nalias=sip.example.com\ndebug=3\n"
            'loadmodule "tm.so"\nloadmodule "dispatcher.so"\nmodparam("tm", "fr_timer", 2000)\n'
            'modparam("dispatcher", "flags", 2)\nmodparam("dispatcher", "list_file", "my.list")\n' + _ROUTE
        )
        self.assertEqual([str(one) for one in config.sip.listen], ["udp:127.0.0.1:5070", "tcp:127.0.0.1:5070"])
        self.assertEqual((config.sip.alias, config.sip.timers.fr_timer), (("sip.example.com",), 2.0))
        self.assertEqual((config.dispatcher.flags, config.dispatcher.list_file.name), (2, "my.list"))
        assert config.script is not None
        self.assertEqual(config.script.level, 3)

    def test_no_tcp(self) -> None:
        """A socket without protocol is UDP and TCP, and UDP alone with disable_tcp."""
        both = self.load("listen=127.0.0.1:5070\n" + _ROUTE)
        one = self.load("disable_tcp=yes\nlisten=127.0.0.1:5070\n" + _ROUTE)
        self.assertEqual((len(both.sip.listen), len(one.sip.listen)), (2, 1))

    def test_all_at_once(self) -> None:
        """What is wrong in settings, parameters and routes is told in one go, with lines and nearest names."""
        told = self.told(
            'listen=udp:127.0.0.1:5070\ndebg=3\nloadmodule "dispatcher.so"\nmodparam("dispatcher", "flag", 2)\n'
            'modparam("tm", "fr_timer", 2000)\nrequest_route { ds_selct_dst(1, 4); }\n'
        )
        lines = told.splitlines()
        self.assertEqual([one.split(":")[1] for one in lines], ["2", "4", "5", "6"])
        for line, meant in zip(lines, ("debug", "flags", 'loadmodule "tm.so"', "ds_select_dst()"), strict=True):
            self.assertIn(meant, line)

    def test_wrong_value(self) -> None:
        """A parameter of the dispatcher with a wrong value is told as in TOML, with its line."""
        told = self.told(
            'listen=udp:127.0.0.1:5070\nloadmodule "dispatcher.so"\nmodparam("dispatcher", "flags", 9)\n' + _ROUTE
        )
        self.assertIn(":3:", told)
