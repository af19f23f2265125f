"""Tests of dispatch.source.database_url."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.source.database_url import DatabaseUrl, parse

SERVERS = {
    "mysql://openser:rw@localhost/openser": DatabaseUrl("mysql", "openser", "localhost", 0, "openser", "rw"),
    "postgres://u:p@192.0.2.1:5433/db": DatabaseUrl("postgres", "db", "192.0.2.1", 5433, "u", "p"),
    "postgresql://u@[2001:db8::1]:5433/db": DatabaseUrl("postgres", "db", "2001:db8::1", 5433, "u"),
    "mysql://u:p:a@ss/w@rd@h/db": DatabaseUrl("mysql", "db", "h", 0, "u", "p:a@ss/w@rd"),
    "mysql://u:@h/db": DatabaseUrl("mysql", "db", "h", 0, "u"),
    "postgres:///db": DatabaseUrl("postgres", "db"),
    "postgres://h/db": DatabaseUrl("postgres", "db", "h"),
    "sqlite:///lists/a b.db": DatabaseUrl("sqlite", "lists/a b.db"),
    "sqlite:////var/lib/a.db": DatabaseUrl("sqlite", "/var/lib/a.db"),
}
WRONG = (
    *("", "mysql", "mysql:", "dispatcher.list", "oracle://u:p@h/db", "MYSQL://h/db", "://h/db"),
    *("mysql://", "mysql://h", "mysql://h/", "mysql://u:p@h", "mysql://h:x/db", "mysql://h:65536/db", "mysql://h/a/b"),
    *("mysql://[::1/db", "sqlite://a.db", "sqlite:///", "sqlite:////lists/", "mysql://u:p\n@h/db", "sqlite:///a\0b"),
)


class DatabaseUrlTests(SynchronousTestCase):
    def test_parts(self) -> None:
        """User ends at the first colon, password at the last @, and all but the database may be left out."""
        for text, url in SERVERS.items():
            self.assertEqual(parse(text), url, text)

    def test_wrong(self) -> None:
        """What is no URL of a database that we can read is refused."""
        for text in WRONG:
            self.assertRaises(ValueError, parse, text)

    @given(st.sampled_from(("mysql", "postgres", "oracle")), st.sampled_from(("h/db", "h:99999/db", "h", "h:x/", "")))
    def test_secret(self, scheme: str, rest: str) -> None:
        """Neither name nor representation nor error has the password."""
        try:
            url = parse(f"{scheme}://user:swordfish@{rest}")
        except ValueError as error:
            self.assertNotIn("swordfish", str(error))
        else:
            self.assertNotIn("swordfish", f"{url} {url!r}")

    def test_name(self) -> None:
        """Its name is what was written, but for the password."""
        for text in SERVERS:
            name = str(parse(text))
            self.assertEqual(parse(name), parse(text.replace(f":{parse(text).password}@", "@")), text)

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """Any text is a URL or a ValueError."""
        try:
            parse(text)
        except ValueError:
            pass
