"""Tests of dispatch.script.act: what a script of the Kamailio kind can ask for, and what leaves then."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from dispatch.script import values
from dispatch.script.act import Act, Block, Exit
from dispatch.sip.timers import Timers
from dispatch.test.proxy.farm import CALLER
from dispatch.test.script.acting import Staged, gateway, to_gateway
from dispatch.test.wire import header, request, response_to

BUSY = "SIP/2.0 486 Whatever > 5060"


class RelayTests(SynchronousTestCase):
    def test_bytes(self) -> None:
        """A request that the script only relays gets a Via, and nothing else is touched: not even Max-Forwards."""
        farm = Staged(to_gateway(71))
        data = request(headers=b"Route: <sip:198.51.100.1;lr>\r\n", max_forwards=b"0")
        farm.receive(data)
        (sent,) = farm.sent(b"INVITE")
        via = sent.split(b"\r\n")[1] + b"\r\n"
        self.assertIn(b"192.0.2.1:5060;branch=", via)
        self.assertEqual(sent.replace(via, b""), data)

    def test_trying(self) -> None:
        """An INVITE gets its 100 when it is relayed, not when its transaction is made (t_newtran)."""

        def route(act: Act) -> None:
            self.assertTrue(act.new_transaction())
            self.assertFalse(act.new_transaction())
            self.assertEqual(farm.lines(), [])
            to_gateway(71)(act)

        farm = Staged(route)
        farm.receive(request())
        self.assertEqual(farm.lines(), ["SIP/2.0 100 Trying > 5060", "INVITE sip:bob@example.com SIP/2.0 > 5071"])

    def test_no_branch(self) -> None:
        """When the branch route drops every branch, the caller is told so at the end, in the words of the original."""

        def drop(act: Act) -> None:
            act.is_dropped = True
            raise Exit

        def route(act: Act) -> None:
            act.arm(Block.BRANCH, "B")
            act.destination_uri = b"sip:192.0.2.71:5071"
            self.assertFalse(act.relay())

        farm = Staged(route, named={(Block.BRANCH, "B"): drop})
        farm.receive(request(b"MESSAGE"))
        self.assertEqual(farm.lines(), ["SIP/2.0 500 I'm terribly sorry, server error occurred (6/TM) > 5060"])

    def test_unreachable(self) -> None:
        """A relay that can't send says so at once, runs no failure route, and may be followed by another one."""

        def route(act: Act) -> None:
            act.arm(Block.FAILURE, "F")
            act.destination_uri = b"sip:192.0.2.71:5071"
            self.assertFalse(act.relay())
            act.destination_uri = b"sip:192.0.2.72:5072"
            self.assertTrue(act.relay())

        farm = Staged(route, named={(Block.FAILURE, "F"): lambda act: self.fail("it is not over")})
        farm.net.broken.add(5071)
        farm.receive(request(b"MESSAGE"))
        self.assertEqual(farm.lines(), ["MESSAGE sip:bob@example.com SIP/2.0 > 5072"])

    def test_reply_error(self) -> None:
        """What a failed relay left unsaid is answered once, by the script or at its end."""
        for asks in (True, False):

            def route(act: Act, asks: bool = asks) -> None:
                to_gateway(71)(act)
                if asks:
                    act.reply_error()

            farm = Staged(route)
            farm.net.broken.add(5071)
            farm.receive(request(b"MESSAGE"))
            (line,) = farm.lines()
            self.assertIn("SIP/2.0 477 ", line)

    def test_silence(self) -> None:
        """Nobody is answered who was given no answer; a transaction that was made for nothing ends by its timer."""
        for make in (False, True):
            farm = Staged(lambda act, make=make: act.new_transaction() if make else None)  # type: ignore[misc]
            farm.receive(request())
            farm.receive(request(b"MESSAGE", branch=b"z9hG4bKa2"))
            self.assertEqual(farm.engine.open_transactions, 2 if make else 0)
            farm.wait(70.0)
            self.assertEqual((farm.lines(), farm.engine.open_transactions), ([], 0))

    def test_unchecked(self) -> None:
        """The script decides on what the built-in route refuses: Max-Forwards 0, Proxy-Require, a strange scheme."""
        seen = []
        farm = Staged(lambda act: seen.append(act.uri))
        farm.receive(request(max_forwards=b"0", headers=b"Proxy-Require: foo\r\n"))
        farm.receive(request(uri=b"fax:1234", branch=b"z9hG4bKa2"))
        farm.receive(request(branch=b"z9hG4bKa3", call_id=b""))
        self.assertEqual(seen, [b"sip:bob@example.com", b"fax:1234"])
        self.assertEqual(farm.lines(), ["SIP/2.0 400 Bad Request > 5060"])

    def test_copies(self) -> None:
        """A copy of what has a transaction, and the ACK of a refusal, never get to the script."""
        seen = []

        def route(act: Act) -> None:
            seen.append(act.method)
            to_gateway(71)(act)

        farm = Staged(route)
        farm.receive(request())
        (sent,) = farm.sent(b"INVITE")
        farm.receive(request())
        farm.receive(response_to(sent, 486), gateway(71))
        farm.receive(request(b"ACK", to_tag=b"t1"))
        self.assertEqual(seen, [b"INVITE"])


class CancelTests(SynchronousTestCase):
    """The script gets the CANCEL, and says what becomes of it."""

    def _farm(self) -> tuple[Staged, bytes]:
        def route(act: Act) -> None:
            if act.method != b"CANCEL":
                to_gateway(71)(act)
            elif act.is_known():
                act.relay()

        farm = Staged(route)
        farm.receive(request())
        (sent,) = farm.sent(b"INVITE")
        farm.receive(response_to(sent, 180), gateway(71))
        farm.net.take()
        return farm, sent

    def test_relayed(self) -> None:
        """A CANCEL that is relayed is answered, and cancels what rings, with the reason of the caller."""
        farm, sent = self._farm()
        farm.receive(request(b"CANCEL", headers=b"Reason: SIP;cause=487\r\n"))
        (cancel,) = farm.sent(b"CANCEL")
        self.assertEqual(header(cancel, b"Reason"), [b"SIP;cause=487"])
        farm.receive(response_to(sent, 487), gateway(71))
        self.assertIn("SIP/2.0 487 Whatever > 5060", farm.lines())

    def test_unknown(self) -> None:
        """One that the script does not relay is answered by nobody."""
        farm, _ = self._farm()
        farm.receive(request(b"CANCEL", branch=b"z9hG4bKother"))
        self.assertEqual(farm.lines(), [])

    def test_failure_route(self) -> None:
        """A failure route runs for a cancelled call, which it can't send on; the caller gets the 487."""
        seen = []

        def failed(act: Act) -> None:
            seen.append((act.is_cancelled, act.status, act.relay()))

        def route(act: Act) -> None:
            act.arm(Block.FAILURE, "F")
            act.relay() if act.method == b"CANCEL" else to_gateway(71)(act)

        farm = Staged(route, named={(Block.FAILURE, "F"): failed})
        farm.receive(request())
        (sent,) = farm.sent(b"INVITE")
        farm.receive(response_to(sent, 180), gateway(71))
        farm.receive(request(b"CANCEL"))
        farm.net.take()
        farm.receive(response_to(sent, 487), gateway(71))
        self.assertEqual(seen, [(True, 487, False)])
        self.assertEqual(farm.lines(), ["ACK sip:bob@example.com SIP/2.0 > 5071", "SIP/2.0 487 Whatever > 5060"])

    def test_completed_elsewhere(self) -> None:
        """Whoever rings on while another one has answered is told that somebody did (RFC 3326)."""

        def route(act: Act) -> None:
            act.append_branch(b"sip:second@192.0.2.72:5072")
            to_gateway(71)(act)

        farm = Staged(route)
        farm.receive(request())
        first, second = farm.sent(b"INVITE")
        farm.receive(response_to(first, 180), gateway(71))
        farm.receive(response_to(second, 200), gateway(72))
        (cancel,) = farm.sent(b"CANCEL")
        self.assertEqual(header(cancel, b"Reason"), [b'SIP;cause=200;text="Call completed elsewhere"'])


class BranchTests(SynchronousTestCase):
    """Several branches, and what a branch route makes of each."""

    def test_each_its_own(self) -> None:
        """What a branch route changes holds for that branch only; the count of branches goes on over failover."""

        def each(act: Act) -> None:
            assert act.branch is not None
            act.append_header(b"X-Branch: %d %b\r\n" % (act.branch.index, act.uri))
            if act.uri.startswith(b"sip:second"):
                act.uri = b"sip:changed@192.0.2.72:5072"

        def failed(act: Act) -> None:
            self.assertEqual((act.uri, act.status), (b"sip:first@192.0.2.71:5071", 404))
            act.append_header(b"X-Again: 1\r\n")
            act.destination_uri = b"sip:192.0.2.73:5073"
            act.arm(Block.BRANCH, "EACH")
            act.relay()

        def route(act: Act) -> None:
            act.append_header(b"X-All: 1\r\n")
            act.uri = b"sip:first@192.0.2.71:5071"
            act.append_branch(b"sip:second@192.0.2.72:5072")
            act.arm(Block.BRANCH, "EACH")
            act.arm(Block.FAILURE, "ALL")
            act.relay()

        farm = Staged(route, named={(Block.BRANCH, "EACH"): each, (Block.FAILURE, "ALL"): failed})
        farm.receive(request())
        first, second = farm.sent(b"INVITE")
        self.assertEqual(
            (header(first, b"X-Branch"), header(first, b"X-All")), ([b"0 sip:first@192.0.2.71:5071"], [b"1"])
        )
        self.assertEqual(header(second, b"X-Branch"), [b"1 sip:second@192.0.2.72:5072"])
        self.assertTrue(second.startswith(b"INVITE sip:changed@192.0.2.72:5072 SIP/2.0\r\n"))
        farm.receive(response_to(second, 486), gateway(72))
        farm.receive(response_to(first, 404), gateway(71))
        (third,) = farm.sent(b"INVITE")
        self.assertEqual((header(third, b"X-Branch")[0][:2], header(third, b"X-Again")), (b"2 ", [b"1"]))
        farm.receive(response_to(third, 486), gateway(73))
        self.assertIn(BUSY, farm.lines())


class FailureTests(SynchronousTestCase):
    """What a failure route sees, and what goes up after it."""

    def _fail(self, *statuses: int, handler: object = None, remap: int = 1) -> list[str]:
        """The gateways of the list answer so, one after the other, each try being the next one's chance."""

        def failed(act: Act) -> None:
            if act.request.next():
                act.arm(Block.FAILURE, "F")
                act.relay()

        def route(act: Act) -> None:
            act.request.select(1, 4)
            act.arm(Block.FAILURE, "F")
            act.relay()

        named = {(Block.FAILURE, "F"): handler or failed}
        farm = Staged(route, named=named, modparams={("tm", "remap_503_500"): remap})  # type: ignore[arg-type]
        farm.receive(request(b"MESSAGE"))
        for number, status in enumerate(statuses):
            (sent,) = farm.sent(b"MESSAGE")
            farm.receive(response_to(sent, status), gateway(71 + number))
        return farm.lines()

    def test_tries_are_forgotten(self) -> None:
        """What earlier tries said counts no more once there was another one (failure_reply_mode 3)."""
        self.assertEqual(self._fail(404, 500, 502), ["SIP/2.0 502 Whatever > 5060"])

    def test_503(self) -> None:
        """A 503 goes up as 500, in the words of the original, unless remap_503_500 says otherwise."""
        self.assertEqual(self._fail(500, 500, 503), ["SIP/2.0 500 Service Unavailable > 5060"])
        self.assertEqual(self._fail(500, 500, 503, remap=0), ["SIP/2.0 503 Whatever > 5060"])

    def test_6xx(self) -> None:
        """A 6xx is a failure like others: the script decides."""
        self.assertEqual(self._fail(603, 404, 480), ["SIP/2.0 480 Whatever > 5060"])

    def test_other_reply(self) -> None:
        """The failure route may put another reply in place, with headers of its own."""

        def handler(act: Act) -> None:
            act.append_to_reply(b"X-Tried: %d\r\n" % act.status)
            self.assertTrue(act.reply(480, b"Tried all"))
            self.assertFalse(act.reply(480, b"Tried all"))

        self.assertEqual(self._fail(404, handler=handler), ["SIP/2.0 480 Tried all > 5060"])

    def test_disarmed(self) -> None:
        """A failure route runs once; for another try it is armed again."""
        runs = []

        def handler(act: Act) -> None:
            runs.append(act.status)
            act.request.next()
            act.relay()

        self.assertEqual(self._fail(500, 404, handler=handler), ["SIP/2.0 404 Whatever > 5060"])
        self.assertEqual(runs, [500])

    def test_silence(self) -> None:
        """It is told a silent gateway from one that rang, after the times that the script has set for it."""
        seen = []

        def failed(act: Act) -> None:
            assert act.branch is not None
            seen.append((act.status, act.branch.is_timeout, act.branch.has_replied))

        def route(act: Act) -> None:
            act.arm(Block.FAILURE, "F")
            act.set_timers(0.9, 0.3)
            to_gateway(71)(act)

        for rings in (False, True):
            farm = Staged(route, named={(Block.FAILURE, "F"): failed}, timers=Timers(fr_timer=5.0))
            farm.receive(request())
            (sent,) = farm.sent(b"INVITE")
            if rings:
                farm.receive(response_to(sent, 180), gateway(71))
            farm.wait(0.4)
            self.assertEqual(len(seen), 1)
            farm.wait(0.6)
            self.assertIn("SIP/2.0 408 Request Timeout > 5060", farm.lines())
        self.assertEqual(seen, [(408, True, False), (408, True, True)])


class ReplyTests(SynchronousTestCase):
    """Reply routes."""

    def test_changes(self) -> None:
        """Both reply routes change the reply that goes up; neither sees what the other one did."""

        def general(act: Act) -> None:
            act.append_header(b"X-General: %d\r\n" % act.status)

        def of_transaction(act: Act) -> None:
            self.assertIsNone(act.header(b"x-general"))
            self.assertEqual(act.remove_header(b"X-Secret"), 1)
            act.append_header(b"X-Who: %b\r\n" % values.text(act.values.avp("who")))

        def route(act: Act) -> None:
            act.values.push("who", b"alice")
            act.arm(Block.REPLY, "R")
            to_gateway(71)(act)

        farm = Staged(route, general, {(Block.REPLY, "R"): of_transaction})
        farm.receive(request())
        (sent,) = farm.sent(b"INVITE")
        for status in (180, 486):
            farm.receive(response_to(sent, status, headers=b"X-Secret: 1\r\n"), gateway(71))
            (reply,) = farm.sent(b"SIP/2.0 %d" % status)
            self.assertEqual(header(reply, b"X-Who") + header(reply, b"X-Secret"), [b"alice"])
            self.assertEqual(header(reply, b"X-General"), [b"%d" % status])

    def test_drop(self) -> None:
        """The reply route of a transaction can drop what is provisional, the general one whatever it likes."""

        def drop(act: Act) -> None:
            act.is_dropped = True
            raise Exit

        def general(act: Act) -> None:
            if act.status == 486:
                drop(act)

        def route(act: Act) -> None:
            act.arm(Block.REPLY, "R")
            to_gateway(71)(act)

        farm = Staged(route, general, {(Block.REPLY, "R"): drop})
        farm.receive(request())
        (sent,) = farm.sent(b"INVITE")
        for status in (183, 486, 404):
            farm.receive(response_to(sent, status), gateway(71))
        self.assertEqual([line for line in farm.lines() if line.startswith("SIP")], ["SIP/2.0 404 Whatever > 5060"])

    def test_without_transaction(self) -> None:
        """The general reply route sees and changes the replies of what was forwarded without memory."""

        def route(act: Act) -> None:
            act.append_header(b"X-Hop: 1\r\n")
            act.forward(b"192.0.2.71", 5071)

        farm = Staged(route, lambda act: act.append_header(b"X-Back: 1\r\n"))
        farm.receive(request())
        (sent,) = farm.sent(b"INVITE")
        self.assertEqual(header(sent, b"X-Hop"), [b"1"])
        for status in (100, 200):
            farm.receive(response_to(sent, status), gateway(71))
            (reply,) = farm.sent(b"SIP/2.0 %d" % status)
            self.assertEqual(header(reply, b"X-Back"), [b"1"])

    def test_ack(self) -> None:
        """The ACK of a 2xx belongs to no transaction; relayed, it goes on without one, with a branch of its own."""
        known = []

        def route(act: Act) -> None:
            known.append(act.is_known())
            to_gateway(71)(act)

        farm = Staged(route)
        farm.receive(request())
        (sent,) = farm.sent(b"INVITE")
        farm.receive(response_to(sent, 200), gateway(71))
        farm.receive(request(b"ACK", branch=b"z9hG4bKk1", to_tag=b"t1"))
        (ack,) = farm.sent(b"ACK")
        self.assertEqual(known, [False, False])
        self.assertNotEqual(header(ack, b"Via")[0], header(sent, b"Via")[0])

    def test_source(self) -> None:
        """In a reply route the source is the gateway."""
        seen = []

        def route(act: Act) -> None:
            act.arm(Block.REPLY, "R")
            to_gateway(71)(act)

        farm = Staged(route, named={(Block.REPLY, "R"): lambda act: seen.append(act.source)})
        farm.receive(request())
        (sent,) = farm.sent(b"INVITE")
        farm.receive(response_to(sent, 180), gateway(71))
        self.assertEqual(seen, [gateway(71)])


class OwnReplyTests(SynchronousTestCase):
    def test_headers(self) -> None:
        """Replies that we make carry what was appended to them, and no header that was meant for the request."""

        def route(act: Act) -> None:
            act.append_to_reply(b"X-Rpl: 1\r\n")
            act.append_to_reply(b"X-Open: 1 ")
            act.append_to_reply(b"X-Not-A-Line: 1\r\n")
            act.append_to_reply(b"X-Rpl: 2\r\n")
            act.append_header(b"X-Not: 1\r\n")
            act.reply(489, b"Bad Event")

        farm = Staged(route)
        farm.receive(request(b"SUBSCRIBE"))
        (reply,) = farm.sent(b"SIP/2.0 489 Bad Event\r\n")
        self.assertEqual((header(reply, b"X-Rpl"), header(reply, b"X-Not")), ([b"1", b"2"], []))
        self.assertEqual(header(reply, b"X-Open"), [b"1 X-Not-A-Line: 1"])
        self.assertEqual(farm.engine.open_transactions, 0)

    def test_ack(self) -> None:
        """An ACK gets no reply."""
        farm = Staged(lambda act: self.assertFalse(act.reply(404)))
        farm.receive(request(b"ACK"))
        self.assertEqual((farm.lines(), farm.log), ([], []))

    def test_injection(self) -> None:
        """What would end the headers or the status line is an error, and the request gets 500."""
        for text in (b"X-A: 1\r\n\r\nbody", b"X-A: 1\rX", b"no header", b"X-A: \0\r\n", b"X-A: 1\nX-B: 2\r\n"):
            farm = Staged(lambda act, text=text: act.append_header(text))  # type: ignore[misc]
            farm.receive(request(b"MESSAGE"))
            self.assertEqual(farm.lines(), ["SIP/2.0 500 Server Internal Error > 5060"])
            self.assertIn("is no header line", farm.log[0])
        farm = Staged(lambda act: act.reply(404, b"Not\r\nX: here"))
        farm.receive(request(b"MESSAGE"))
        self.assertIn("can't stand in a status line", farm.log[0])


class HeaderTests(SynchronousTestCase):
    def _sent(self, change: object, data: bytes = b"") -> bytes:
        def route(act: Act) -> None:
            change(act)  # type: ignore[operator]
            to_gateway(71)(act)

        farm = Staged(route)
        farm.receive(data or request(b"MESSAGE", headers=b"X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n", body=b"hello"))
        self.assertEqual(farm.log, [])
        (sent,) = farm.sent(b"MESSAGE")
        return sent

    def test_order(self) -> None:
        """Headers are added where it was said, several at one place in the order they came in."""

        def change(act: Act) -> None:
            act.append_header(b"X-End: 1\r\n")
            act.append_header(b"X-End: 2\r\n")
            act.append_header(b"X-After: 1\r\n", b"f")
            act.insert_header(b"X-Start: 1\r\n")
            act.insert_header(b"X-Start: 2\r\n")
            act.insert_header(b"X-Before: 1\r\n", b"To")

        names = [line.partition(b":")[0] for line in self._sent(change).split(b"\r\n\r\n")[0].split(b"\r\n")[1:]]
        self.assertEqual(
            names,
            b"X-Start X-Start Via Via X-A X-B x-a Max-Forwards From X-After X-Before To Call-ID CSeq Content-Length "
            b"X-End X-End".split(),
        )

    def test_remove(self) -> None:
        """A header goes with all of its lines, in any case; changes within what goes are gone with it."""

        def change(act: Act) -> None:
            at = act.message.raw.find(b"X-A: 1")
            act.replace(at + 5, at + 6, b"9")
            self.assertEqual(act.remove_header(b"X-a"), 2)
            self.assertEqual(act.remove_header(b"X-a"), 2)
            self.assertEqual(act.remove_header(b"X-None"), 0)
            self.assertEqual(act.remove_header(re.compile(b"^X-B$")), 1)

        sent = self._sent(change)
        self.assertEqual(header(sent, b"X-A") + header(sent, b"X-B"), [])
        self.assertTrue(sent.endswith(b"\r\n\r\nhello"))

    def test_body(self) -> None:
        """Another body comes with its length and type."""
        sent = self._sent(lambda act: act.set_body(b"hello world", b"text/plain"))
        self.assertEqual(header(sent, b"Content-Length") + header(sent, b"Content-Type"), [b"11", b"text/plain"])
        self.assertTrue(sent.endswith(b"\r\n\r\nhello world"))

    def test_apply(self) -> None:
        """Changes that are applied are seen, and may be changed again."""

        def change(act: Act) -> None:
            act.append_header(b"X-New: 1\r\n")
            self.assertIsNone(act.header(b"x-new"))
            act.apply_changes()
            self.assertEqual(act.header(b"x-new"), b"1")
            act.append_header(b"X-Newer: 1\r\n", b"X-New")

        self.assertIn(b"X-New: 1\r\nX-Newer: 1\r\n", self._sent(change))


class RouteTests(SynchronousTestCase):
    """Route and Record-Route as scripts see them."""

    def test_call(self) -> None:
        """A request inside a dialog follows our own Route, and finds in it what was put into Record-Route."""
        routed = []

        def route(act: Act) -> None:
            if act.message.to_tag is not None:
                routed.append((act.loose_route(), act.routed_by))
                act.relay()
                return
            self.assertTrue(act.add_record_route(b";site=north"))
            self.assertFalse(act.add_record_route())
            act.add_record_route_parameters(b";x=1")
            to_gateway(71)(act)

        farm = Staged(route, modparams={("rr", "enable_full_lr"): 1})
        farm.receive(request())
        (sent,) = farm.sent(b"INVITE")
        (line,) = header(sent, b"Record-Route")
        self.assertTrue(line.startswith(b"<sip:192.0.2.1:5060;lr=on;ftag=f1;site=north;x=1;ds="))
        headers = b"Route: %b\r\n" % line
        farm.receive(request(b"BYE", b"sip:gw@192.0.2.71:5071", branch=b"z9hG4bKb", to_tag=b"t1", headers=headers))
        (bye,) = farm.sent(b"BYE")
        self.assertEqual(header(bye, b"Route"), [])
        self.assertEqual(routed, [(True, line[1:-1])])

    def test_strangers(self) -> None:
        """A Route that is not ours is not followed, nor is one that is not there."""
        for headers in (b"", b"Route: <sip:198.51.100.1;lr>\r\n"):
            farm = Staged(lambda act: self.assertFalse(act.loose_route()))
            farm.receive(request(b"BYE", to_tag=b"t1", headers=headers))
            self.assertEqual(farm.log, [])

    def test_preloaded(self) -> None:
        """Route headers stay unless the script takes them away, by one way or both."""

        def route(act: Act) -> None:
            act.loose_route()
            act.remove_header(b"Route")
            to_gateway(71)(act)

        for first in (b"", b"<sip:192.0.2.1:5060;lr>, "):
            farm = Staged(route)
            farm.receive(request(headers=b"Route: %b<sip:198.51.100.1;lr>\r\n" % first))
            (sent,) = farm.sent(b"INVITE")
            self.assertEqual(header(sent, b"Route"), [])

    def test_rport(self) -> None:
        """Replies go to the port that the request came from where the script wants it, which the Via says then."""

        def route(act: Act) -> None:
            act.force_rport()
            to_gateway(71)(act)

        farm = Staged(route)
        farm.receive(request(via=b"192.0.2.9:5999"))
        (sent,) = farm.sent(b"INVITE")
        self.assertTrue(header(sent, b"Via")[1].endswith(b";rport=%d" % CALLER[1]))
        farm.receive(response_to(sent, 486), gateway(71))
        self.assertIn(BUSY, farm.lines())


class ErrorTests(SynchronousTestCase):
    def test_line(self) -> None:
        """A script that raises is named with its line, the request gets 500, and the next one is not hurt."""
        farm = Staged(lambda act: to_gateway(0)(act) if act.method == b"INFO" else act.reply(200))
        farm.receive(request(b"INFO"))
        farm.receive(request(b"MESSAGE", branch=b"z9hG4bKa2"))
        self.assertEqual(farm.lines(), ["SIP/2.0 500 Server Internal Error > 5060", "SIP/2.0 200 OK > 5060"])
        self.assertRegex(farm.log[0], r"acting\.py:\d+: IndexError: ")

    def test_no_request(self) -> None:
        """What needs a request says so where there is none."""
        farm = Staged(to_gateway(71), lambda act: act.relay())
        farm.receive(response_to(request(), 200))
        self.assertIn("LookupError: there is no request here", farm.log[0])
