"""Tests of dispatch.proxy.context: a request through the whole engine, and what comes back."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.script.route import Request
from dispatch.service.route_config import RouteConfig
from dispatch.sip.timers import Timers
from dispatch.test.proxy.farm import LIST, Farm
from dispatch.test.wire import header, request, response_to

QUICK = Timers(fr_timer=2.0)
G1, G2, G3 = ("192.0.2.71", 5071), ("192.0.2.72", 5072), ("192.0.2.73", 5073)


class ForwardingTests(SynchronousTestCase):
    """RFC 3261 §16.6."""

    def test_only_what_must_change_changes(self) -> None:
        """Our Via and Record-Route go in before the first Via, Max-Forwards counts down; all other bytes stay."""
        farm = Farm()
        data = request(
            headers=b"X-Odd:  two  blanks \r\nUser-Agent: a\xffb\r\nAccept: a/b,c/d\r\n", body=b"v=0\r\n\0\r\n\r\n"
        )
        farm.receive(data)
        trying, sent = farm.net.take()
        out = sent[0]
        start = data.index(b"Via:")
        extra = out[start : out.index(data[start : start + 40])]
        self.assertEqual([line.split(b":")[0] for line in extra.split(b"\r\n")[:-1]], [b"Record-Route", b"Via"])
        self.assertEqual(out.replace(extra, b"").replace(b"Max-Forwards: 69", b"Max-Forwards: 70"), data)
        self.assertEqual(sent[1], G1)
        self.assertTrue(trying[0].startswith(b"SIP/2.0 100 Trying\r\n"))

    def test_max_forwards_is_added(self) -> None:
        """A request without Max-Forwards leaves with 70 (§16.6 step 3)."""
        farm = Farm()
        farm.receive(request().replace(b"Max-Forwards: 70\r\n", b""))
        self.assertEqual(header(farm.net.take()[1][0], b"Max-Forwards"), [b"70"])

    def test_record_route_is_first(self) -> None:
        """Ours goes before a Record-Route that is there, also one that stands above Via (§16.6 step 4)."""
        for data in (
            request(headers=b"Record-Route: <sip:other.example;lr>\r\n"),
            request().replace(b"Via:", b"Record-Route: <sip:other.example;lr>\r\nVia:", 1),
        ):
            values = header(Farm().invite_of(data), b"Record-Route")
            self.assertEqual(len(values), 2)
            self.assertTrue(values[0].startswith(b"<sip:192.0.2.1:5060;lr;ds="), values)

    def test_received_and_rport(self) -> None:
        """The Via below ours says where the request came from (§18.2.1, RFC 3581)."""
        for via, expected in (
            (b"192.0.2.9", b""),
            (b"pc.example", b";received=192.0.2.9"),
            (b"192.0.2.9;rport", b";rport=5060;received=192.0.2.9"),
            (b"pc.example;rport", b";rport=5060;received=192.0.2.9"),
        ):
            host, _, params = via.partition(b";")
            data = request(via=host).replace(b";branch=", b";" + params + b";branch=" if params else b";branch=")
            out = Farm().invite_of(data)
            value = header(out, b"Via")[1]
            self.assertIn(b"branch=z9hG4bKa1", value)
            self.assertEqual(value.replace(b";branch=z9hG4bKa1", b""), b"SIP/2.0/UDP " + host + expected)

    def test_a_forged_received_is_replaced(self) -> None:
        """What the peer itself wrote as received is not believed."""
        data = request().replace(b";branch=", b";received=203.0.113.1;rport=9;branch=")
        value = header(Farm().invite_of(data), b"Via")[1]
        self.assertEqual(value, b"SIP/2.0/UDP 192.0.2.9:5060;rport=5060;received=192.0.2.9;branch=z9hG4bKa1")

    def test_domain_mode(self) -> None:
        """Mode = "domain" gives the Request-URI host and port of the destination."""
        farm = Farm(route=RouteConfig(mode="domain"))
        self.assertTrue(farm.invite().startswith(b"INVITE sip:bob@192.0.2.71:5071 SIP/2.0\r\n"))

    def test_domain_mode_fails_over_to_the_other_host(self) -> None:
        """Mode = "domain" rewrites the Request-URI again for the next destination."""
        farm = Farm(route=RouteConfig(mode="domain"))
        farm.receive(response_to(farm.invite(), 503), G1)
        self.assertIn("INVITE sip:bob@192.0.2.72:5072 SIP/2.0 > 5072", farm.lines())

    def test_preloaded_routes_lead_nowhere(self) -> None:
        """A Route in an initial request is taken away: it goes to a destination of ours."""
        out = Farm().invite_of(request(headers=b"Route: <sip:192.0.2.1:5060;lr>\r\nRoute: <sip:203.0.113.5;lr>\r\n"))
        self.assertEqual(header(out, b"Route"), [])

    def test_other_methods_are_not_recorded(self) -> None:
        """A MESSAGE sets up no dialog, so no Record-Route goes in."""
        farm = Farm()
        farm.receive(request(b"MESSAGE"))
        ((out, remote),) = farm.net.take()
        self.assertEqual((remote, header(out, b"Record-Route")), (G1, []))


class ResponseTests(SynchronousTestCase):
    """RFC 3261 §16.7."""

    def test_our_via_comes_off(self) -> None:
        """A 180 and the 200 go to the caller as the gateway sent them, without our Via."""
        farm = Farm()
        sent = farm.invite()
        for status in (180, 200):
            answer = response_to(sent, status)
            farm.receive(answer, G1)
            ((out, remote),) = farm.net.take()
            start = answer.index(b"Via:")
            self.assertEqual(out, answer[:start] + answer[answer.index(b"Via:", start + 1) :])
            self.assertEqual(remote, ("192.0.2.9", 5060))

    def test_100_stays_here(self) -> None:
        """A 100 from the gateway is not passed on (§16.7 step 1)."""
        farm = Farm()
        farm.receive(response_to(farm.invite(), 100), G1)
        self.assertEqual(farm.lines(), [])

    def test_forked_2xx_both_go_up(self) -> None:
        """Each 2xx of an INVITE goes up, with its own tag (§16.7 step 5)."""
        farm = Farm()
        sent = farm.invite()
        for tag in (b"x", b"y"):
            farm.receive(response_to(sent, 200, to_tag=tag), G1)
        self.assertEqual([header(data, b"To")[0][-1:] for data, _ in farm.net.take()], [b"x", b"y"])

    def test_no_provisional_for_non_invite(self) -> None:
        """A 183 for a MESSAGE is not passed on (RFC 4320 §4.1)."""
        farm = Farm()
        farm.receive(request(b"MESSAGE"))
        sent = farm.net.take()[0][0]
        farm.receive(response_to(sent, 183), G1)
        self.assertEqual(farm.lines(), [])

    def test_a_stray_response_is_dropped(self) -> None:
        """A response that nothing waits for goes nowhere."""
        farm = Farm()
        sent = farm.invite()
        farm.receive(response_to(sent.replace(b"z9hG4bKds", b"z9hG4bKdsx"), 200), G1)
        self.assertEqual(farm.lines(), [])

    def test_busy_is_passed_on(self) -> None:
        """A 486 is no reason to try another destination; the ACK stays hop by hop."""
        farm = Farm()
        farm.receive(response_to(farm.invite(), 486), G1)
        self.assertEqual(farm.lines(), ["ACK sip:bob@example.com SIP/2.0 > 5071", "SIP/2.0 486 Whatever > 5060"])
        farm.receive(request(b"ACK", to_tag=b"t1"))
        self.assertEqual(farm.lines(), [])


class FailoverTests(SynchronousTestCase):
    """The next candidate, and one clean transaction for the caller."""

    def test_503_goes_to_the_next(self) -> None:
        """A 503 is acknowledged, and the call goes on to the second gateway with another branch."""
        farm = Farm()
        first = farm.invite()
        farm.receive(response_to(first, 503), G1)
        ack, second = farm.net.take()
        self.assertTrue(ack[0].startswith(b"ACK "))
        self.assertEqual((second[0][:6], second[1]), (b"INVITE", G2))
        self.assertNotEqual(header(first, b"Via")[0], header(second[0], b"Via")[0])
        farm.receive(response_to(second[0], 200), G2)
        self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060"])
        self.assertEqual([one.condition.failures for one in farm.dispatcher.destinations()], [1, 0, 0])

    def test_silence_goes_to_the_next(self) -> None:
        """fr_timer without any response moves the call on."""
        farm = Farm(timers=QUICK)
        farm.invite()
        farm.wait(2.1)
        self.assertIn("INVITE sip:bob@example.com SIP/2.0 > 5072", farm.lines())

    def test_a_refusing_network_goes_to_the_next_at_once(self) -> None:
        """A transport error is a failure like any other (§16.9)."""
        farm = Farm()
        farm.net.broken = {5071, 5072}
        farm.receive(request())
        self.assertEqual(farm.lines(), ["SIP/2.0 100 Trying > 5060", "INVITE sip:bob@example.com SIP/2.0 > 5073"])

    def test_all_fail(self) -> None:
        """When nobody is left the best response goes up once: here the 408 of silence before 503s (§16.7 step 6)."""
        farm = Farm(timers=QUICK)
        farm.receive(response_to(farm.invite(), 503), G1)
        farm.wait(2.1)
        last = next(data for data, remote in reversed(farm.net.take()) if remote == G3)
        farm.receive(response_to(last, 500), G3)
        self.assertEqual(
            [line for line in farm.lines() if line.endswith("> 5060")], ["SIP/2.0 408 Request Timeout > 5060"]
        )

    def test_a_503_goes_up_as_500(self) -> None:
        """A 503 of one destination says nothing of us (§16.7 step 6)."""
        farm = Farm(b"1 sip:192.0.2.71:5071\n")
        farm.receive(response_to(farm.invite(), 503), G1)
        self.assertIn("SIP/2.0 500 Server Internal Error > 5060", farm.lines())

    def test_without_flag_2(self) -> None:
        """Without bit 2 of flags the first failure is the last."""
        farm = Farm(flags=0)
        farm.receive(response_to(farm.invite(), 500), G1)
        self.assertEqual(farm.lines()[-1], "SIP/2.0 500 Whatever > 5060")

    def test_attempts_are_capped(self) -> None:
        """failover_attempts = 2 asks no third destination."""
        farm = Farm(route=RouteConfig(failover_attempts=2))
        farm.net.broken = {5071, 5072}
        farm.receive(request())
        self.assertEqual(farm.lines()[-1], "SIP/2.0 500 Server Internal Error > 5060")

    def test_time_is_capped(self) -> None:
        """After failover_time seconds no further destination is asked."""
        farm = Farm(timers=QUICK, route=RouteConfig(failover_time=3.0))
        farm.invite()
        farm.wait(4.3)
        lines = farm.lines()
        self.assertNotIn("INVITE sip:bob@example.com SIP/2.0 > 5073", lines)
        self.assertEqual([line for line in lines if line.endswith("> 5060")], ["SIP/2.0 408 Request Timeout > 5060"])

    def test_no_408_for_non_invite(self) -> None:
        """A MESSAGE that nobody answers ends in silence, and its copies too until timer J (RFC 4320 §4.2)."""
        farm = Farm(b"1 sip:192.0.2.71:5071\n", timers=QUICK)
        farm.receive(request(b"MESSAGE"))
        farm.wait(3.0)
        farm.receive(request(b"MESSAGE"))
        self.assertFalse([line for line in farm.lines() if line.endswith("> 5060")])
        self.assertEqual(farm.engine.open_transactions, 1)
        farm.wait(32.0)
        self.assertEqual(farm.engine.open_transactions, 0)

    def test_no_destination(self) -> None:
        """An empty or dead set answers 503 at once."""
        farm = Farm(b"1 sip:192.0.2.71:5071 1\n")
        farm.receive(request())
        self.assertEqual(farm.lines(), ["SIP/2.0 503 No destination available > 5060"])

    def test_the_set_runs_out_of_a_late_answer(self) -> None:
        """A destination given up for silence that answers after all is heard: its 2xx goes up (§16.7 step 5)."""
        farm = Farm(timers=QUICK)
        first = farm.invite()
        farm.wait(2.1)
        farm.net.take()
        farm.receive(response_to(first, 200), G1)
        self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060"])

    def test_a_late_answer_ends_the_others(self) -> None:
        """When one that was given up answers 2xx, the one that rings now is cancelled (§16.7 step 10)."""
        farm = Farm(timers=QUICK)
        first = farm.invite()
        farm.wait(2.1)
        second = next(data for data, remote in farm.net.take() if remote == G2)
        farm.receive(response_to(second, 180), G2)
        farm.net.take()
        farm.receive(response_to(first, 200), G1)
        self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060", "CANCEL sip:bob@example.com SIP/2.0 > 5072"])

    def test_a_late_answer_after_the_ack(self) -> None:
        """A 2xx goes up also when the caller has acknowledged a refusal before (§16.7 step 5)."""
        for later in (0.0, 5.5):
            farm = Farm(b"1 sip:192.0.2.71:5071\n", timers=QUICK)
            first = farm.invite()
            farm.wait(2.1)
            farm.receive(request(b"ACK", to_tag=b"t"))
            farm.wait(later)
            farm.net.take()
            farm.receive(response_to(first, 200), G1)
            self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060"], later)

    def test_a_received_failure_is_better_than_ours(self) -> None:
        """Between failures of a class the caller gets one that somebody sent, not our own."""
        farm = Farm()
        farm.net.broken = {5071, 5072}
        farm.receive(request())
        sent = next(data for data, remote in farm.net.take() if remote == G3)
        farm.receive(response_to(sent, 500), G3)
        self.assertEqual(farm.lines()[-1], "SIP/2.0 500 Whatever > 5060")


class CancelTests(SynchronousTestCase):
    """RFC 3261 §9 and §16.10."""

    def test_a_ringing_call(self) -> None:
        """CANCEL gets 200, the gateway gets a CANCEL with the INVITE's branch, its 487 goes up."""
        farm = Farm()
        sent = farm.invite()
        farm.receive(response_to(sent, 180), G1)
        farm.net.take()
        farm.receive(request(b"CANCEL"))
        self.assertEqual(farm.lines(), ["SIP/2.0 200 OK > 5060", "CANCEL sip:bob@example.com SIP/2.0 > 5071"])
        farm.receive(response_to(sent, 487), G1)
        self.assertEqual(farm.lines(), ["ACK sip:bob@example.com SIP/2.0 > 5071", "SIP/2.0 487 Whatever > 5060"])

    def test_before_a_provisional(self) -> None:
        """CANCEL waits for the gateway's first provisional response (§9.1)."""
        farm = Farm()
        sent = farm.invite()
        farm.receive(request(b"CANCEL"))
        self.assertEqual(farm.lines(), ["SIP/2.0 200 OK > 5060"])
        farm.receive(response_to(sent, 100), G1)
        self.assertEqual(farm.lines(), ["CANCEL sip:bob@example.com SIP/2.0 > 5071"])

    def test_crossing_a_200(self) -> None:
        """A 200 that was on its way wins: it goes to the caller (§9.1)."""
        farm = Farm()
        sent = farm.invite()
        farm.receive(response_to(sent, 180), G1)
        farm.receive(request(b"CANCEL"))
        farm.net.take()
        farm.receive(response_to(sent, 200), G1)
        self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060"])

    def test_no_failover_after_cancel(self) -> None:
        """A cancelled call that fails is not tried elsewhere; the caller hears 487 or the failure, once."""
        farm = Farm(timers=QUICK)
        farm.invite()
        farm.receive(request(b"CANCEL"))
        farm.net.take()
        farm.wait(2.1)
        lines = farm.lines()
        self.assertFalse([line for line in lines if line.startswith("INVITE") and "5071" not in line])
        self.assertEqual([line for line in lines if line.endswith("> 5060")], ["SIP/2.0 487 Request Terminated > 5060"])

    def test_unknown(self) -> None:
        """A CANCEL of nothing gets 481 (§9.2)."""
        farm = Farm()
        farm.receive(request(b"CANCEL"))
        self.assertEqual(farm.lines(), ["SIP/2.0 481 Call/Transaction Does Not Exist > 5060"])


class OwnTests(SynchronousTestCase):
    """What we answer ourselves."""

    def test_options(self) -> None:
        """OPTIONS to one of our names without a user gets 200."""
        for uri in (b"sip:192.0.2.1", b"sip:192.0.2.1:5060", b"sip:LB.example.com:5080"):
            farm = Farm()
            farm.receive(request(b"OPTIONS", uri))
            self.assertEqual(farm.lines(), ["SIP/2.0 200 OK > 5060"], uri)

    def test_options_for_a_user_is_dispatched(self) -> None:
        """OPTIONS to a user goes to a gateway."""
        farm = Farm()
        farm.receive(request(b"OPTIONS", b"sip:bob@192.0.2.1"))
        self.assertEqual(farm.lines(), ["OPTIONS sip:bob@192.0.2.1 SIP/2.0 > 5071"])

    def test_merged(self) -> None:
        """The same OPTIONS by another path gets 482; what we relay may come twice (§8.2.2.2)."""
        farm = Farm()
        farm.receive(request(b"OPTIONS", b"sip:192.0.2.1"))
        farm.receive(request(b"OPTIONS", b"sip:192.0.2.1", branch=b"z9hG4bKother"))
        self.assertEqual(farm.lines(), ["SIP/2.0 200 OK > 5060", "SIP/2.0 482 Request merged > 5060"])
        for branch in (b"z9hG4bKb1", b"z9hG4bKb2"):
            self.assertTrue(farm.invite(branch=branch))

    def test_the_ack_of_our_own_refusal_ends_here(self) -> None:
        """An ACK for a response that we made without a transaction goes nowhere."""
        farm = Farm(b"1 sip:192.0.2.71:5071 1\n")
        farm.receive(request())
        tag = header(farm.net.take()[0][0], b"To")[0].partition(b";tag=")[2]
        farm.receive(request(b"ACK", to_tag=tag))
        self.assertEqual(farm.lines(), [])

    def test_timestamp(self) -> None:
        """A 100 copies the Timestamp of its INVITE, however that is written (§8.2.6.1)."""
        for line in (b"Timestamp: 54.25\r\n", b"TIMESTAMP :54.25\r\n", b"timestamp:\r\n 54.25\r\n"):
            farm = Farm()
            farm.receive(request(headers=line))
            trying = farm.net.take()[0][0]
            self.assertEqual((trying[:12], header(trying, b"Timestamp")), (b"SIP/2.0 100 ", [b"54.25"]))
        farm = Farm()
        farm.receive(request())
        self.assertEqual(header(farm.net.take()[0][0], b"Timestamp"), [])

    def test_copies_are_absorbed(self) -> None:
        """A retransmitted INVITE is answered from the transaction and never reaches a gateway again."""
        farm = Farm()
        farm.invite()
        farm.receive(request())
        self.assertEqual(farm.lines(), ["SIP/2.0 100 Trying > 5060"])

    def test_nothing_is_left(self) -> None:
        """A call that is over leaves no transaction behind."""
        farm = Farm(LIST)
        farm.receive(response_to(farm.invite(), 200), G1)
        farm.wait(33.0)
        self.assertEqual(farm.engine.open_transactions, 0)


class FinalTests(SynchronousTestCase):
    """Who wants to know is told once how it ended."""

    def told(self, *answers: int, wait: float = 0.0, cancel: bool = False) -> list[int]:
        seen: list[int] = []

        def route(one: Request) -> None:
            one._context.on_final = seen.append
            if one.select(1, 8):
                one.relay()
            else:
                one.reply(503)

        farm = Farm(script=route, timers=QUICK)
        sent = farm.invite()
        for status in answers:
            farm.receive(response_to(sent, status), G1)
        if cancel:
            farm.receive(request(b"CANCEL"))
            farm.receive(response_to(sent, 487), G1)
        farm.wait(wait)
        return seen

    def test_answers(self) -> None:
        """It is the status that the caller got, of the first final answer; provisional ones are none."""
        for answers, told in (((100, 180), []), ((180, 200, 200), [200]), ((486, 486), [486]), ((503,), [500])):
            self.assertEqual(self.told(*answers), told, answers)

    def test_no_answers(self) -> None:
        """Silence and CANCEL end it too."""
        self.assertEqual(self.told(wait=2.1), [408])
        self.assertEqual(self.told(180, cancel=True), [487])
