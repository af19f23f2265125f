"""What an operator does to the service while calls are open: reload, restart, stop."""

from __future__ import annotations

import signal

from dispatch.test.real import service
from dispatch.test.real.case import RealCase
from dispatch.test.real.phone import Phone
from dispatch.test.real.process import Process
from dispatch.test.real.scenario import accept, arrives, document, pause, reply, ringing
from dispatch.test.real.sipp import Sipp

GATEWAY = document("gateway", arrives("INVITE"), ringing(), accept(), arrives("ACK"), arrives("BYE"), reply(200, "OK"))
SLOW_GATEWAY = document(
    "gateway", *(arrives("INVITE"), ringing(), pause(1000), accept(), arrives("ACK")), *(arrives("BYE"), reply(200, ""))
)


class OperationCase(RealCase):
    ours_only = True

    def phone(self, proxy: Process) -> Phone:
        """A call to be made."""
        phone = Phone(self.address(), proxy.sockets[0])
        self.addCleanup(phone.close)
        return phone

    def running(self, *gateways: Sipp) -> Process:
        """The service, at work."""
        proxy = self.proxy(*gateways)
        proxy.wait_logged("listening on")
        return proxy


class ReloadTests(OperationCase):
    def test_good_list(self) -> None:
        """After SIGHUP new calls go by the new list, and a call that is open goes on where it is."""
        first, second = self.gateway(GATEWAY, "first"), self.gateway(GATEWAY, "second")
        proxy = self.running(first)
        before, after = self.phone(proxy), self.phone(proxy)
        before.call()
        service.write_list(self.folder, (self.uri(second.sockets[0]),))
        loaded = proxy.log().count("1 destinations")
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_logged("1 destinations", times=loaded + 1)
        after.call()
        after.hang_up()
        before.hang_up()
        for gateway, phone in ((first, before), (second, after)):
            gateway.finish()
            self.assertEqual(gateway.received("BYE")[0].value(b"Call-ID"), phone.call_id.encode())

    def test_bad_list(self) -> None:
        """A list with a bad line changes nothing, and the log says which line it is."""
        gateway = self.gateway(GATEWAY, calls=2)
        proxy = self.running(gateway)
        before, after = self.phone(proxy), self.phone(proxy)
        before.call()
        (self.folder / "dispatcher.list").write_text("1 sip:127.0.0.1:9\n1\n")
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_logged("dispatcher.list:2:")
        after.call()
        after.hang_up()
        before.hang_up()
        gateway.finish()

    def test_missing_list(self) -> None:
        """A list that is gone changes nothing either."""
        gateway = self.gateway(GATEWAY)
        proxy = self.running(gateway)
        lines = proxy.log().count("\n")
        (self.folder / "dispatcher.list").unlink()
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_logged("\n", times=lines + 1)
        self.assertNotIn("Traceback", proxy.log())
        phone = self.phone(proxy)
        phone.call()
        phone.hang_up()
        gateway.finish()


class RestartTests(OperationCase):
    def test_open_calls(self) -> None:
        """A call that was set up before a restart is ended after it: the secret is kept."""
        gateway = self.gateway(GATEWAY)
        proxy = self.running(gateway)
        phone = self.phone(proxy)
        phone.call()
        gateway.wait_for("the ACK", lambda: bool(gateway.received("ACK")))
        proxy.stop()
        again = service.launch("again", self.folder, self.folder / "dispatcher.toml", proxy.sockets)
        self.keep(again)
        phone.hang_up()
        gateway.finish()

    def test_other_secret(self) -> None:
        """With another secret our own Route is not known any more: we are nobody's relay."""
        gateway = self.gateway(GATEWAY, at=self.address(host="127.0.0.2"))
        proxy = self.running(gateway)
        phone = self.phone(proxy)
        phone.call()
        gateway.wait_for("the ACK", lambda: bool(gateway.received("ACK")))
        proxy.stop()
        (self.folder / "secret").unlink()
        service.write_list(self.folder, (self.uri(self.address(host="127.0.0.3")),))
        self.keep(service.launch("again", self.folder, self.folder / "dispatcher.toml", proxy.sockets))
        phone.send("BYE", 2)
        phone.expect(403)
        self.assertEqual(gateway.received("BYE"), [])


class StopTests(OperationCase):
    def test_open_transaction(self) -> None:
        """SIGTERM waits for the answer to an INVITE that rings, then the service ends as twistd does it."""
        gateway = self.gateway(SLOW_GATEWAY)
        proxy = self.running(gateway)
        phone = self.phone(proxy)
        phone.invite()
        phone.expect(100)
        phone.expect(180)
        proxy.send_signal(signal.SIGTERM)
        phone.answered()
        self.assert_ended(proxy)

    def test_no_new_calls(self) -> None:
        """After SIGTERM a new call is turned away with 503, or nobody is there to answer it."""
        gateway = self.gateway(SLOW_GATEWAY)
        proxy = self.running(gateway)
        open_call, new_call = self.phone(proxy), self.phone(proxy)
        open_call.invite()
        open_call.expect(100)
        open_call.expect(180)
        proxy.send_signal(signal.SIGTERM)
        proxy.wait_logged("closing")
        new_call.invite()
        new_call.expect(503)
        open_call.answered()
        self.assert_ended(proxy)

    def test_idle(self) -> None:
        """SIGTERM and SIGINT end an idle service."""
        for number in (signal.SIGTERM, signal.SIGINT):
            proxy = self.running(self.gateway(GATEWAY, f"gateway{number}"))
            proxy.send_signal(number)
            self.assert_ended(proxy)

    def test_grace(self) -> None:
        """A transaction that nobody answers does not keep the service from ending."""
        silent = self.silent()
        proxy = self.proxy(silent.address, grace=0.5, silence=30.0)
        proxy.wait_logged("listening on")
        phone = self.phone(proxy)
        phone.invite()
        phone.expect(100)
        proxy.send_signal(signal.SIGTERM)
        self.assert_ended(proxy)

    def assert_ended(self, proxy: Process) -> None:
        """It ended by itself, without a complaint; twistd passes on the signal that ended it."""
        self.assertIn(proxy.wait(15.0), (0, -signal.SIGTERM, -signal.SIGINT))
        self.assertNotIn("Traceback", proxy.log())
