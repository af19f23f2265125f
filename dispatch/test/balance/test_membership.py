"""Tests of dispatch.balance.membership: who a peer is, by address."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health, listfile
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.membership import ALL_SETS, ANY_PORT, ANY_PROTOCOL, ONLY_USABLE, Membership, is_usable, literal

LIST = (
    b"1 sip:192.0.2.1:5070;transport=tcp\n1 sip:192.0.2.1\n2 sip:192.0.2.1:5070\n2 sip:[2001:DB8::1]:5080\n"
    b"3 sip:GW.example:5090\n3 sip:gw.example:5091 16\n3 sip:192.0.2.9:5095\n4 tel:+123\n"
)
# Sets are searched 1, 3 ... as the tree of them is walked; of a set the last line comes first.
UDP = b"udp"


def dispatcher(text: bytes = LIST) -> Dispatcher:
    one = Dispatcher(Random(1))
    one.replace(listfile.parse(text, "list", ()))
    return one


class MembershipCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.dispatcher = dispatcher()
        self.members = Membership(self.dispatcher.groups)

    def find(
        self, address: str, port: int, protocol: bytes = UDP, group: int = ALL_SETS, mode: int = ANY_PROTOCOL
    ) -> bytes | None:
        found = self.members.find(address, port, protocol, group, mode)
        return found.uri if found is not None else None


class FindTests(MembershipCase):
    def test_port(self) -> None:
        """A destination without a port has any; one with a port only that, unless ports don't count."""
        self.assertEqual(self.find("192.0.2.1", 5060), b"sip:192.0.2.1")
        self.assertIsNone(self.find("192.0.2.1", 5060, group=2))
        self.assertEqual(self.find("192.0.2.1", 5070, group=2), b"sip:192.0.2.1:5070")
        self.assertEqual(self.find("192.0.2.1", 5060, group=2, mode=ANY_PROTOCOL | ANY_PORT), b"sip:192.0.2.1:5070")

    def test_protocol(self) -> None:
        """Where protocols count, one without a transport parameter is of none, and no peer is."""
        self.assertEqual(self.find("192.0.2.1", 5070, b"tcp", mode=0), b"sip:192.0.2.1:5070;transport=tcp")
        self.assertIsNone(self.find("192.0.2.1", 5070, UDP, mode=0))

    def test_names_with_one_address(self) -> None:
        """However names come to one address and leave it, the first in the order of listings is found."""
        lines = [b"1 sip:gw%d.example:%d\n" % (number, 5000 + number % 2) for number in range(8)]
        self.members = Membership(dispatcher(b"".join(lines) + b"1 sip:192.0.2.5:5001\n").groups)
        listed = [one.uri for one in self.members.groups[1].members]
        for number in (3, 7, 1, 5, 4):
            self.members.resolved(b"gw%d.example" % number, "192.0.2.5")
        self.assertEqual(
            [one.uri for one in self.members.at("192.0.2.5")],
            [uri for uri in listed if uri.partition(b".")[0] not in (b"sip:gw0", b"sip:gw2", b"sip:gw6")],
        )
        for number in (7, 4, 3):
            self.members.resolved(b"gw%d.example" % number, "192.0.2.6")
        self.assertEqual(
            [one.uri for one in self.members.at("192.0.2.5")],
            [uri for uri in listed if uri.partition(b".")[0] in (b"sip:192", b"sip:gw1", b"sip:gw5")],
        )
        self.assertEqual(len([*self.members.at("192.0.2.6")]), 3)

    def test_state(self) -> None:
        """What is down is one of us all the same, unless only those that can be picked are asked for."""
        for state, found in ((1, None), (4, None), (2, b"sip:192.0.2.9:5095"), (0, b"sip:192.0.2.9:5095")):
            self.dispatcher.set_state(3, b"sip:192.0.2.9:5095", state)
            self.assertEqual(self.find("192.0.2.9", 5095), b"sip:192.0.2.9:5095")
            self.assertEqual(self.find("192.0.2.9", 5095, mode=ANY_PROTOCOL | ONLY_USABLE), found, state)

    def test_ipv6(self) -> None:
        """However an address is spelt in the list or by the kernel, it is the same one."""
        self.assertEqual(self.find("2001:db8::1", 5080), b"sip:[2001:DB8::1]:5080")
        self.assertEqual(self.find("::ffff:192.0.2.9", 5095), b"sip:192.0.2.9:5095")

    def test_nobody(self) -> None:
        """Another address, and another set, is nobody."""
        self.assertIsNone(self.find("192.0.2.2", 5070))
        self.assertIsNone(self.find("192.0.2.1", 5070, group=7))

    @given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(0, 2)), max_size=12), st.data())
    def test_first_of_all(self, lines: list[tuple[int, int, int]], data: st.DataObject) -> None:
        """The index finds what a search through all destinations, in the order of listings, finds first."""
        text = b"".join(
            b"%d sip:192.0.2.%d%b\n" % (group, host, b":%d" % (5060 + port) if port else b"")
            for group, host, port in lines
        )
        one = dispatcher(text)
        group, host, port = data.draw(st.tuples(st.integers(-1, 3), st.integers(1, 4), st.integers(5060, 5062)))
        plain = next(
            (
                member
                for member in one.destinations()
                if group in (-1, member.group) and member.host == b"192.0.2.%d" % host and member.port in (0, port)
            ),
            None,
        )
        self.assertIs(Membership(one.groups).find(f"192.0.2.{host}", port, UDP, group, ANY_PROTOCOL), plain)


class NameTests(MembershipCase):
    def test_resolved(self) -> None:
        """A name has an address from when it is looked up, the latest; one that is not to be looked up has none."""
        self.assertIsNone(self.find("192.0.2.9", 5090))
        self.members.resolved(b"gw.EXAMPLE", "192.0.2.9")
        self.assertEqual(self.find("192.0.2.9", 5090), b"sip:GW.example:5090")
        self.assertIsNone(self.find("192.0.2.9", 5091))
        self.members.resolved(b"gw.example", "192.0.2.10")
        self.assertIsNone(self.find("192.0.2.9", 5090))
        self.assertEqual(self.find("192.0.2.9", 5095), b"sip:192.0.2.9:5095")
        self.assertEqual(self.find("192.0.2.10", 5090), b"sip:GW.example:5090")

    def test_order(self) -> None:
        """A destination with a name has its place in the order, whenever its address came."""
        self.members.resolved(b"gw.example", "192.0.2.9")
        self.assertEqual(self.find("192.0.2.9", 0, mode=ANY_PROTOCOL | ANY_PORT), b"sip:192.0.2.9:5095")
        other = dispatcher(b"3 sip:192.0.2.9:5095\n3 sip:gw.example:5090\n")
        self.members = Membership(other.groups, {b"gw.example": ("192.0.2.9",), b"gone.example": ("192.0.2.9",)})
        self.assertEqual(self.find("192.0.2.9", 0, mode=ANY_PROTOCOL | ANY_PORT), b"sip:gw.example:5090")
        self.assertEqual(self.members.addresses, {b"gw.example": ("192.0.2.9",)})

    def test_strange_names(self) -> None:
        """A name that is not in the list changes nothing."""
        self.members.resolved(b"192.0.2.1", "192.0.2.9")
        self.members.resolved(b"other.example", "192.0.2.9")
        self.assertEqual(self.members.addresses, {})


class UriTests(MembershipCase):
    def find_uri(self, uri: bytes, mode: int = ANY_PROTOCOL) -> bytes | None:
        found = self.members.find_uri(uri, ALL_SETS, mode, {"alias.example": "192.0.2.1"}.get)
        return found.uri if found is not None else None

    def test_uris(self) -> None:
        """A URI is whom its host, port and transport name; one without a port only fits where there is none."""
        for uri, mode, found in (
            (b"sip:x@192.0.2.1:5070;transport=TCP", 0, b"sip:192.0.2.1:5070;transport=tcp"),
            (b"sip:192.0.2.1:5070", 0, b"sip:192.0.2.1"),
            (b"sip:192.0.2.9", ANY_PROTOCOL, None),
            (b"sip:192.0.2.9", ANY_PROTOCOL | ANY_PORT, b"sip:192.0.2.9:5095"),
            (b"sip:192.0.2.9:5095;transport=bogus", 0, b"sip:192.0.2.9:5095"),
            (b"sips:[2001:db8:0::1]:5080", 0, b"sip:[2001:DB8::1]:5080"),
            (b"sip:alias.example:5099", ANY_PROTOCOL, b"sip:192.0.2.1"),
            (b"sip:gw.example:5090", ANY_PROTOCOL, None),
            (b"tel:+123", ANY_PROTOCOL | ANY_PORT, None),
            (b"bogus", ANY_PROTOCOL | ANY_PORT, None),
        ):
            self.assertEqual(self.find_uri(uri, mode), found, (uri, mode))

    def test_names_of_the_list(self) -> None:
        """A name of the list is known when its address is, without being asked for again."""
        self.members.resolved(b"gw.example", "192.0.2.9")
        self.assertEqual(self.find_uri(b"sip:Gw.Example:5090"), b"sip:GW.example:5090")


class OtherTests(MembershipCase):
    def test_hosts(self) -> None:
        """A host is known in any spelling, and by the address of its name, with its port or 5060 where it has none."""
        self.members.resolved(b"gw.example", "192.0.2.10")
        for host, port, known in (
            (b"gw.EXAMPLE", None, True),
            (b"192.0.2.1", None, True),
            (b"192.0.2.1", 5060, True),
            (b"192.0.2.1", 5061, False),
            (b"gw.example", 5090, True),
            (b"gw.example", 0, False),
            (b"[2001:db8:0::1]", None, True),
            (b"[2001:db8:0::1]", 5080, True),
            (b"[::ffff:192.0.2.1]", None, True),
            (b"192.0.2.10", None, True),
            (b"192.0.2.10", 5090, True),
            (b"192.0.2.10", 5091, False),
            (b"192.0.2.11", None, False),
            (b"", None, False),
        ):
            self.assertEqual(self.members.has_host(host, port), known, (host, port))

    def test_literals(self) -> None:
        """An address may have zeros before its numbers; an IPv4 address in an IPv6 one is that one."""
        for host, address in (
            (b"192.0.2.1", "192.0.2.1"),
            (b"010.0.0.05", "10.0.0.5"),
            (b"[2001:DB8:0::1]", "2001:db8::1"),
            (b"[::ffff:192.0.2.1]", "192.0.2.1"),
            (b"999.0.2.1", None),
            (b"1.gw.example", None),
            (b"gw", None),
        ):
            self.assertEqual(literal(host), address, host)

    def test_usable(self) -> None:
        """A set can be used when one of its members can; a URI when it is one of these, letter by letter."""
        members = self.dispatcher.groups[2].members
        self.assertTrue(is_usable(members))
        self.assertTrue(is_usable(members, b"sip:[2001:DB8::1]:5080"))
        self.assertFalse(is_usable(members, b"sip:[2001:db8::1]:5080"))
        self.dispatcher.set_state(2, b"sip:192.0.2.1:5070", health.INACTIVE)
        self.assertTrue(is_usable(members))
        self.dispatcher.set_state(2, b"sip:[2001:DB8::1]:5080", health.DISABLED)
        self.assertFalse(is_usable(members))
