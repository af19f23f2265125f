"""Tests of dispatch.service.tap."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from twisted.application.service import IServiceMaker
from twisted.internet.testing import MemoryReactorClock
from twisted.plugin import IPlugin, getPlugins
from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.balance import pace
from dispatch.service import tap

CONFIG = """
[sip]
listen = ["udp:127.0.0.1:{port}"]
[dispatcher]
list_file = "dispatcher.list"
flags = 2
"""


class Threaded(MemoryReactorClock):
    """With threads, of which none calls."""

    def callFromThread(self, function: Callable[..., object], *args: object) -> None:
        raise AssertionError("unreachable")


class OptionsTests(SynchronousTestCase):
    def test_config(self) -> None:
        """The configuration is named by -c or --config, and has a name when none is given."""
        for arguments, path in (
            ((), "dispatcher.toml"),
            (("-c", "a.toml"), "a.toml"),
            (("--config", "a.toml"), "a.toml"),
        ):
            options = tap.Options()
            options.parseOptions(list(arguments))
            self.assertEqual(options["config"], path)

    def test_nothing_else(self) -> None:
        """A file name without -c is refused with the hint that it is wanted."""
        with self.assertRaises(usage.UsageError) as caught:
            tap.Options().parseOptions(["a.toml"])
        self.assertEqual(str(caught.exception), "don't know what to do with 'a.toml'; name the configuration by -c")


class PluginTests(SynchronousTestCase):
    def test_found(self) -> None:
        """Twistd finds one service called dispatcher, whose maker and options are the ones here."""
        (maker,) = (one for one in getPlugins(IServiceMaker) if one.tapname == "dispatcher")
        verifyObject(IServiceMaker, maker)
        self.assertTrue(IPlugin.providedBy(maker))
        self.assertIs(maker.options, tap.Options)
        self.assertIs(maker.makeService, tap.makeService)


class LoadTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.path = folder / "dispatcher.toml"
        self.list = folder / "dispatcher.list"
        self.list.write_text("1 sip:127.0.0.71:9\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.path.write_text(CONFIG.format(port=self.port))
        self.reactor = Threaded()

    def refusal(self) -> object:
        """What the program ends with."""
        with self.assertRaises(SystemExit) as caught:
            tap.load(self.path, self.reactor)
        self.assertEqual(self.reactor.whenRunningHooks, [])
        return caught.exception.code

    def test_service(self) -> None:
        """A good configuration gives a service that takes SIGHUP while it runs, and no longer."""
        before = signal.getsignal(signal.SIGHUP)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        service = tap.load(self.path, self.reactor)
        self.assertIs(signal.getsignal(signal.SIGHUP), before)
        service.startService()
        self.assertIsNot(signal.getsignal(signal.SIGHUP), before)
        self.successResultOf(service.stopService())
        self.assertIs(signal.getsignal(signal.SIGHUP), before)

    def test_settled(self) -> None:
        """Once the reactor runs, what is there for good is out of the garbage collector's way."""
        self.addCleanup(gc.enable)
        self.addCleanup(gc.unfreeze)
        service = tap.load(self.path, self.reactor)
        service.startService()
        self.addCleanup(service.stopService)
        self.addCleanup(pace.lend_from, None)
        ((settle, (reactor,), _),) = self.reactor.whenRunningHooks
        settle(reactor)
        self.assertGreater(gc.get_freeze_count(), 0)

    def test_every_problem(self) -> None:
        """A bad configuration ends the program with all its problems, a line each."""
        self.path.write_text("[sip]\nlisten = 5060\n[dispatcher]\nflagz = 2\n")
        lines = str(self.refusal()).split("\n")
        self.assertEqual([line.partition(": ")[0] for line in lines], [f"{self.path}:2", f"{self.path}:4"])

    def test_one_line(self) -> None:
        """A missing file, list or port, and a bad secret, end the program with one line that names it."""
        secret = self.path.parent / "secret"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", self.port))
            self.assertRegex(str(self.refusal()), rf"\A\S+:3: udp:127\.0\.0\.1:{self.port}: address already in use.*\Z")
        secret.write_text("hush")
        self.assertRegex(str(self.refusal()), r"\A\S+/secret:1: .*\Z")
        self.list.unlink()
        self.assertRegex(str(self.refusal()), r"\A\S+/dispatcher\.list: cannot be read .*\Z")
        self.path.unlink()
        self.assertRegex(str(self.refusal()), r"\A\S+/dispatcher\.toml: can't be read: .*\Z")

    def test_make_service(self) -> None:
        """The door that twistd uses leads to the same."""
        options = tap.Options()
        options["config"] = str(self.path.parent / "missing.toml")
        with self.assertRaises(SystemExit) as caught:
            tap.makeService(options)
        self.assertIn("missing.toml: can't be read", str(caught.exception.code))
