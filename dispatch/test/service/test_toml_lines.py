"""Tests of finding the lines of keys."""

from __future__ import annotations

import tomllib

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.toml_lines import lines

TEXT = '''# [no.table]
top = 1
[sip] # a comment with "quotes
listen = [ "udp:[::]:5060", # one ]
  "tcp:127.0.0.1:5060",

  'three',]
advertise = { "udp:10.0.0.5:5060" = "a.b", x.y = [1,
 2] }
timers.t1 = 0.5
[sip."li mits"]
text = """
[fake]
key = "no key"
\\""" and more"""
raw = \'\'\'
[fake] \'\'\'
when = 1979-05-27T07:32:00.5-07:00
"last" = true'''


class LinesTests(SynchronousTestCase):
    def setUp(self) -> None:
        tomllib.loads(TEXT)  # what is read here is right
        self.lines = lines(TEXT)

    def test_tables_and_keys(self) -> None:
        """A table stands where its header is, a key where its name is."""
        self.assertEqual(self.lines["top",], 2)
        self.assertEqual(self.lines["sip",], 3)
        self.assertEqual(self.lines["sip", "listen"], 4)
        self.assertEqual(self.lines["sip", "li mits"], 11)
        self.assertEqual(self.lines["sip", "li mits", "text"], 12)
        self.assertEqual(self.lines["sip", "li mits", "last"], 19)

    def test_items_of_a_list(self) -> None:
        """Each item of a list that goes over several lines has its own line."""
        self.assertEqual([self.lines["sip", "listen", index] for index in range(3)], [4, 5, 7])

    def test_inline_tables_and_dotted_keys(self) -> None:
        """Keys of inline tables and dotted keys are found by their full way."""
        self.assertEqual(self.lines["sip", "advertise", "udp:10.0.0.5:5060"], 8)
        self.assertEqual(self.lines["sip", "advertise", "x", "y", 1], 9)
        self.assertEqual(self.lines["sip", "timers", "t1"], 10)

    def test_text_is_no_key(self) -> None:
        """What looks like a table or key inside a string or a comment is none."""
        self.assertEqual([path for path in self.lines if "fake" in path or "no" in path], [])
        self.assertEqual(self.lines["sip", "li mits", "raw"], 16)

    def test_every_key_has_a_line(self) -> None:
        """No key that the standard reader finds is without a line."""

        def walk(table: dict[str, object], path: tuple[str, ...]) -> None:
            for key, value in table.items():
                self.assertIn((*path, key), self.lines)
                if isinstance(value, dict):
                    walk(value, (*path, key))

        walk(tomllib.loads(TEXT), ())

    def test_empty(self) -> None:
        """An empty text has no keys."""
        self.assertEqual(set(lines("")), {()})
