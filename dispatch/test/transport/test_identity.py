"""Tests of dispatch.transport.identity: RFC 5922 §7."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.transport.certificates import authority
from dispatch.transport.identity import identities, objection


class IdentitiesTests(SynchronousTestCase):
    def found(self, common: str = "cn.example", uris: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> set[str]:
        return set(identities(authority().issue(common, uris=uris, names=names).certificate))

    def test_uri(self) -> None:
        """A sip: URI counts, in whatever case, and no DNS name beside it (§7.1)."""
        self.assertEqual(self.found(uris=("sip:Example.COM",), names=("other.example",)), {"example.com"})

    def test_several(self) -> None:
        """All sip: URIs count."""
        self.assertEqual(self.found(uris=("sip:a.example", "sip:b.example")), {"a.example", "b.example"})

    def test_dns(self) -> None:
        """DNS names count where no sip: URI is."""
        self.assertEqual(self.found(names=("gw.example", "GW2.example")), {"gw.example", "gw2.example"})

    def test_other_uris(self) -> None:
        """URIs of other schemes say nothing, and one with a user speaks for the user alone (§7.1)."""
        uris = ("sips:gw.example", "https://gw.example", "sip:alice@gw.example")
        self.assertEqual(self.found(uris=uris, names=("dns.example",)), {"dns.example"})
        self.assertEqual(self.found(uris=uris), set())

    def test_common_name(self) -> None:
        """The common name counts where there are no alternative names at all (§7.1)."""
        self.assertEqual(self.found("GW.example."), {"gw.example"})

    def test_addresses(self) -> None:
        """An address is no SIP domain."""
        self.assertEqual(self.found("192.0.2.1"), set())
        self.assertEqual(self.found(uris=("sip:192.0.2.1", "sip:[2001:db8::1]")), set())


class ObjectionTests(SynchronousTestCase):
    def objection(self, domain: str, *names: str) -> str:
        return objection(authority().issue("cn.example", names=names).certificate, domain)

    def test_the_same(self) -> None:
        """The whole name, in whatever case, with or without the last dot."""
        for domain in ("gw.example", "GW.example", "gw.example."):
            self.assertEqual(self.objection(domain, "gw.example"), "")

    def test_another(self) -> None:
        """Another name, a part of it, or more than it: refused, and both are told (§7.2)."""
        for domain in ("gw2.example", "example", "a.gw.example"):
            self.assertEqual(
                self.objection(domain, "gw.example"), f"its certificate is for gw.example, not for {domain}"
            )

    def test_asterisks(self) -> None:
        """An asterisk stands for nothing (§7.2)."""
        for domain in ("gw.example", "*.example"):
            self.assertEqual(self.objection(domain, "*.example"), f"its certificate is for *.example, not for {domain}")

    def test_nobody_expected(self) -> None:
        """Where no name is known nobody is believed."""
        self.assertIn("tls_name", self.objection("", "gw.example"))
