"""Tests of dispatch.proxy.stateless, and of all that goes through the engine without being remembered."""

from __future__ import annotations

from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from dispatch.proxy import stateless
from dispatch.proxy.dialog import Identity
from dispatch.service.route_config import RouteConfig
from dispatch.sip.flow import Flow
from dispatch.sip.message import Message
from dispatch.test.proxy.farm import CALLER, LIST, SECRET, Farm
from dispatch.test.wire import FakeTransport, header, request, response_to

ROUTE: Final = RouteConfig(relay="stateless", algorithm=0)  # by Call-ID, so that all of a call goes one way
PREFIX: Final = b"z9hG4bKdl00000000."


def farm(**how: object) -> Farm:
    """A dispatcher that remembers nothing."""
    return Farm(route=ROUTE, **how)  # type: ignore[arg-type]  # passed through


class Hanging(FakeTransport):
    """A stream whose callers stay, or have hung up."""

    def __init__(self, is_open: bool) -> None:
        super().__init__(b"TCP")
        self.is_open = is_open

    def flow_back(self, host: str, port: int) -> Flow | None:
        return self.flow_to(host, port) if self.is_open else None


def branch(message: bytes) -> bytes:
    """The branch of the top Via."""
    return Message(message).via.branch


class _StatelessCase(SynchronousTestCase):
    def relayed(self, farm: Farm, data: bytes, source: tuple[str, int] = CALLER) -> tuple[bytes, tuple[str, int]]:
        """The one thing that leaves for it, and where to."""
        farm.receive(data, source)
        (sent,) = farm.net.take()
        self.assertEqual(farm.engine.open_transactions, 0)
        return sent


class BranchTests(SynchronousTestCase):
    """RFC 3261 §16.11."""

    def branch(
        self,
        data: bytes,
        *,
        listener: int = 0,
        secret: bytes = SECRET,
        prefix: bytes = PREFIX,
        source: tuple[str, int] = CALLER,
    ) -> bytes:
        back = FakeTransport().flow_to(*source)
        return stateless.branch(Message(data), prefix, listener, back, b"0123abcd", Identity((), (), secret))

    def test_form(self) -> None:
        """A branch has the magic cookie, our prefix, socket and port of the way back, a keyed hash, the loop hash."""
        self.assertRegex(self.branch(request(), listener=3), rb"^z9hG4bKdl00000000\.3\.5060\.[0-9a-f]{16}\.0123abcd$")

    def test_what_belongs_together(self) -> None:
        """A copy, CANCEL and the ACK of a refusal get the branch of their INVITE."""
        invite = self.branch(request())
        for data in (request(), request(b"CANCEL"), request(b"ACK", to_tag=b"t1"), request(max_forwards=b"9")):
            self.assertEqual(self.branch(data), invite)

    def test_what_does_not(self) -> None:
        """Another branch or sent-by below, another secret, prefix, socket or way back make another branch."""
        invite = self.branch(request())
        for other in (
            self.branch(request(branch=b"z9hG4bKa2")),
            self.branch(request(via=b"192.0.2.10:5060")),
            self.branch(request(via=b"192.0.2.9:5061")),
            self.branch(request(), secret=b"t" * 32),
            self.branch(request(), prefix=b"z9hG4bKdl11111111."),
            self.branch(request(), listener=1),
            self.branch(request(), source=("192.0.2.10", 5060)),
            self.branch(request(), source=("192.0.2.9", 5061)),
        ):
            self.assertNotEqual(other, invite)

    def test_without_the_magic_cookie(self) -> None:
        """Where the branch below is of RFC 2543 and says little, Call-ID and CSeq tell requests apart (§17.2.3)."""
        for old in (b"1", b""):
            invite = self.branch(request(branch=old))
            self.assertEqual(self.branch(request(b"CANCEL", branch=old)), invite)
            self.assertNotEqual(self.branch(request(branch=old, call_id=b"call-2")), invite)
            self.assertNotEqual(self.branch(request(branch=old, cseq=2)), invite)

    def test_prefix(self) -> None:
        """A node has the same prefix after a restart, its neighbour another one."""
        here, there = FakeTransport().listener, FakeTransport(host="192.0.2.2").listener
        self.assertEqual(stateless.prefix([here]), stateless.prefix([FakeTransport().listener]))
        self.assertNotEqual(stateless.prefix([here]), stateless.prefix([there]))


class RequestTests(_StatelessCase):
    def test_nothing_is_remembered(self) -> None:
        """An INVITE is sent on without 100 and without a transaction, and leaves no timer that sends it again."""
        balancer = farm()
        out, _ = self.relayed(balancer, request())
        self.assertTrue(out.startswith(b"INVITE "))
        self.assertTrue(branch(out).startswith(b"z9hG4bKdl"))
        balancer.wait(2.0)
        self.assertEqual(balancer.lines(), [])

    def test_all_of_a_call_goes_one_way(self) -> None:
        """Copies, CANCEL and the ACK of a refusal go where the INVITE went, with its branch (§16.11)."""
        for call in (b"call-1", b"call-2", b"call-3", b"call-4"):
            balancer = farm()
            invite, gateway = self.relayed(balancer, request(call_id=call))
            self.assertEqual(self.relayed(balancer, request(call_id=call)), (invite, gateway))
            for data in (request(b"CANCEL", call_id=call), request(b"ACK", call_id=call, to_tag=b"t1")):
                out, remote = self.relayed(balancer, data)
                self.assertEqual((branch(out), remote), (branch(invite), gateway))

    def test_an_outbound_proxy(self) -> None:
        """The ACK of a refusal has the preloaded Route of its INVITE, and takes the way of it all the same."""
        route = b"Route: <sip:192.0.2.1;lr>\r\n"
        balancer = farm()
        invite, gateway = self.relayed(balancer, request(headers=route))
        for data in (request(b"CANCEL", headers=route), request(b"ACK", to_tag=b"t1", headers=route)):
            out, remote = self.relayed(balancer, data)
            self.assertEqual((branch(out), remote, header(out, b"Route")), (branch(invite), gateway, []))

    def test_after_a_restart(self) -> None:
        """A copy that comes after a restart still gets the branch of the first."""
        self.assertEqual(self.relayed(farm(), request()), self.relayed(farm(), request()))

    def test_in_dialog(self) -> None:
        """What shows our cookie follows its Route, ACK of a 2xx included."""
        balancer = farm()
        invite, _ = self.relayed(balancer, request())
        route = b"Route: %b\r\n" % header(invite, b"Record-Route")[0]
        for method in (b"ACK", b"BYE"):
            data = request(method, b"sip:bob@203.0.113.5:5062", to_tag=b"t1", branch=b"z9hG4bKb", headers=route)
            out, remote = self.relayed(balancer, data)
            self.assertEqual((header(out, b"Route"), remote), ([], ("203.0.113.5", 5062)))

    def test_no_destination(self) -> None:
        """An empty or dead set is told by 503, and the ACK of that ends here."""
        balancer = farm(text=b"1 sip:192.0.2.71:5071 1\n")
        answer, remote = self.relayed(balancer, request())
        self.assertEqual((answer[:12], remote), (b"SIP/2.0 503 ", CALLER))
        balancer.receive(request(b"ACK", to_tag=header(answer, b"To")[0].partition(b";tag=")[2]))
        self.assertEqual(balancer.lines(), [])

    def test_a_refusing_network(self) -> None:
        """What the network does not take is lost, as it might be on the way."""
        balancer = farm()
        balancer.net.broken = {5071, 5072, 5073}
        balancer.receive(request())
        self.assertEqual(balancer.lines(), [])


class ResponseTests(_StatelessCase):
    """RFC 3261 §16.11 and §18.2.2, RFC 3581 §4."""

    def answer(self, balancer: Farm, status: int = 200, data: bytes = b"") -> bytes:
        """What the gateway answers to this INVITE."""
        out, _ = self.relayed(balancer, data or request())
        return response_to(out, status)

    def test_back(self) -> None:
        """A response goes to where the Via below ours says, ours taken off, every other byte as it came."""
        for status in (180, 200, 486, 503):
            balancer = farm()
            answer = self.answer(balancer, status)
            out, remote = self.relayed(balancer, answer)
            start = answer.index(b"Via:")
            self.assertEqual(out, answer[:start] + answer[answer.index(b"Via:", start + 1) :])
            self.assertEqual(remote, CALLER)

    def test_every_time(self) -> None:
        """Responses come as often as they like, also after a restart."""
        answer = self.answer(farm())
        balancer = farm()
        self.assertEqual(self.relayed(balancer, answer), self.relayed(balancer, answer))

    def test_way_back(self) -> None:
        """Received and rport come before what the sender wrote, 5060 where nothing is said."""
        for via, source, back in (
            (b"192.0.2.9:6000", ("192.0.2.9", 6000), ("192.0.2.9", 6000)),
            (b"192.0.2.9", ("192.0.2.9", 6000), ("192.0.2.9", 5060)),
            (b"pc.example.com", ("192.0.2.9", 6000), ("192.0.2.9", 5060)),
            (b"pc.example.com:7000", ("192.0.2.9", 6000), ("192.0.2.9", 7000)),
            (b"192.0.2.9:7000;rport", ("192.0.2.9", 6000), ("192.0.2.9", 6000)),
            (b"pc.example.com;rport", ("192.0.2.9", 6000), ("192.0.2.9", 6000)),
        ):
            balancer = farm()
            out, _ = self.relayed(balancer, request(via=via), source)
            _, remote = self.relayed(balancer, response_to(out, 200), ("192.0.2.71", 5071))
            self.assertEqual(remote, back, via)

    def test_by_the_socket_that_the_request_came_on(self) -> None:
        """With several sockets the response leaves by the one that the caller sent to."""
        first, second = FakeTransport(), FakeTransport(host="2001:db8::1", sent_by=b"[2001:db8::1]:5060")
        balancer = farm(transports=(first, second))
        balancer.receive(request(via=b"[2001:db8::9]:5060"), ("2001:db8::9", 5060), second)
        ((out, _),) = first.take()
        balancer.receive(response_to(out, 200), ("192.0.2.71", 5071), first)
        ((_, remote),) = second.take()
        self.assertEqual((remote, first.take()), (("2001:db8::9", 5060), []))

    def test_by_the_open_connection(self) -> None:
        """On a stream a response goes by the caller's connection, and where that is closed to the Via's port."""
        for is_open, port in ((True, 40000), (False, 7000)):
            tcp = Hanging(is_open)
            balancer = farm(text=b"1 sip:192.0.2.71:5071;transport=tcp\n", transports=(tcp,))
            balancer.receive(request(via=b"192.0.2.9:7000", transport=b"TCP"), ("192.0.2.9", 40000))
            ((out, _),) = tcp.take()
            balancer.receive(response_to(out, 200), ("192.0.2.71", 5071))
            ((_, remote),) = tcp.take()
            self.assertEqual(remote, ("192.0.2.9", port))

    def test_100_stays_here(self) -> None:
        """A 100 is for the one hop only (§16.7 step 1)."""
        balancer = farm()
        balancer.receive(self.answer(balancer, 100))
        self.assertEqual(balancer.lines(), [])


class ForgeryTests(_StatelessCase):
    """Nobody can use us to send a response to where he likes."""

    def setUp(self) -> None:
        self.balancer = farm()
        out, _ = self.relayed(self.balancer, request())
        self.branch = branch(out)
        self.answer = response_to(out, 200)

    def dropped(self, answer: bytes) -> None:
        """It goes nowhere, and is counted."""
        before = self.balancer.engine.stray_count
        self.balancer.receive(answer)
        self.assertEqual(self.balancer.lines(), [], answer)
        self.assertEqual(self.balancer.engine.stray_count, before + 1)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_the_right_one(self) -> None:
        """What these tests change is what passes unchanged."""
        self.relayed(self.balancer, self.answer)

    def test_a_wrong_branch(self) -> None:
        """A branch that is not ours, or a bit off, is dropped."""
        head, number, port, digest, loop = self.branch.split(b".")
        for other in (
            b"z9hG4bKsomething",
            head,
            head + b".",
            b".".join((head, number, port)),
            b".".join((head, number, digest, loop)),
            b".".join((head, number, port, b"0" * 16, loop)),
            b".".join((head, number, port, digest[:-1], loop)),
            b".".join((head, number, port, digest[::-1], loop)),
            b".".join((head, number, port, digest, loop, loop)),
            b".".join((head, b"", port, digest, loop)),
            b".".join((head, number, b"", digest, loop)),
            b".".join((head, b"-1", port, digest, loop)),
            b".".join((head, b"x", port, digest, loop)),
        ):
            self.dropped(self.answer.replace(self.branch, other))

    def test_a_socket_that_is_not_there(self) -> None:
        """A number that no socket has is dropped, be it as long as it likes."""
        head, own, port, digest, loop = self.branch.split(b".")
        for number in (b"1", b"9999", b"9" * 5000, b"\xb2"):
            self.dropped(self.answer.replace(self.branch, b".".join((head, number, port, digest, loop))))
            self.dropped(self.answer.replace(self.branch, b".".join((head, own, number, digest, loop))))

    def test_another_way_back(self) -> None:
        """The branch holds for the Via below it only."""
        below = b"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa1"
        self.assertIn(below, self.answer)
        for other in (
            b"Via: SIP/2.0/UDP 203.0.113.5:5060;branch=z9hG4bKa1",
            b"Via: SIP/2.0/UDP 192.0.2.9:5061;branch=z9hG4bKa1",
            b"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa2",
            b"Via: SIP/2.0/UDP 192.0.2.9:5060;received=203.0.113.5;branch=z9hG4bKa1",
            b"Via: SIP/2.0/UDP 192.0.2.9:5060;rport=5061;branch=z9hG4bKa1",
        ):
            self.dropped(self.answer.replace(below, other))

    def test_no_way_back(self) -> None:
        """A response whose only Via is ours has nowhere to go."""
        self.dropped(self.answer.replace(b"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa1\r\n", b""))

    def test_another_node(self) -> None:
        """What a neighbour with the same secret sent out is not ours to bring back: we may not have its sockets."""
        neighbour = farm(transports=(FakeTransport(host="192.0.2.2"),))
        neighbour.receive(request())
        ((out, _),) = neighbour.net.take()
        self.dropped(response_to(out, 200))

    def test_another_secret(self) -> None:
        """A hash made with another secret is dropped."""
        out, _ = self.relayed(farm(secret=b"t" * 32), request())
        self.dropped(response_to(out, 200))

    def test_a_cookie_is_no_branch(self) -> None:
        """The Record-Route cookie for a chosen Call-ID does not make a branch."""
        call_id = b"z9hG4bKa1 203.0.113.5:5060 203.0.113.5 0.5060"  # just what a branch is the hash of
        cookie = self.balancer.me.cookie(call_id)
        head, number, port, _, loop = self.branch.split(b".")
        self.dropped(
            self.answer.replace(self.branch, b".".join((head, number, port, cookie, loop))).replace(
                b"192.0.2.9:5060", b"203.0.113.5:5060"
            )
        )


class StatefulTests(SynchronousTestCase):
    def test_a_stateful_branch_is_not_stateless(self) -> None:
        """A response to what was remembered once is dropped, also where the node relays statelessly now."""
        balancer = Farm(LIST)
        answer = response_to(balancer.invite(), 200)
        other = farm()
        other.receive(answer)
        self.assertEqual(other.lines(), [])
