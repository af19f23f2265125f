"""Tests of the readers of single values."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.reading import WRONG, Place, Reader, boolean, file_name, integer, many, one_of, seconds, suggest


class ReaderTests(SynchronousTestCase):
    def read(self, reader: Reader, value: object) -> tuple[object, int]:
        """What the reader made of it, and how many problems it told."""
        place = Place(Path("x.toml"), {("route",): 3, ("route", "set"): 4}).table("route").at("set")
        made = reader(value, place)
        return made, len(place.problems)

    def test_a_bool_is_no_number(self) -> None:
        """True is refused where a number is wanted, though Python takes it for 1."""
        for reader in (integer(0), seconds(0)):
            self.assertEqual(self.read(reader, True)[1], 1)

    def test_bounds(self) -> None:
        """Bounds belong to the range, what lies beyond does not; without an upper one 31 bits are the most."""
        self.assertEqual([self.read(integer(300, 699), value)[1] for value in (299, 300, 699, 700)], [1, 0, 0, 1])
        self.assertEqual([self.read(integer(0), value)[1] for value in (2**31 - 1, 2**31, 10**400)], [0, 1, 1])

    def test_seconds(self) -> None:
        """Seconds may be whole; more than a day and no numbers are refused."""
        self.assertEqual(self.read(seconds(0.1), 2), (2.0, 0))
        self.assertEqual(self.read(seconds(0.1), 86400)[1], 0)
        for value in (86401, 10**400, float("inf"), float("nan"), "2", 0.01):
            self.assertEqual(self.read(seconds(0.1), value)[1], 1)

    def test_booleans(self) -> None:
        """Only true and false are true and false."""
        self.assertEqual(self.read(boolean, False), (False, 0))
        self.assertEqual(self.read(boolean, 1)[1], 1)

    def test_names(self) -> None:
        """A name out of a choice; another is refused."""
        self.assertEqual(self.read(one_of("dst", "domain"), "dst"), ("dst", 0))
        self.assertEqual(self.read(one_of("dst", "domain"), ["dst"])[1], 1)

    def test_file_names(self) -> None:
        """A file name is text that can name a file."""
        self.assertEqual(self.read(file_name, "a/b é"), (Path("a/b é"), 0))
        for wrong in (3, "", "/", ".", "a/", "a\0b", "a\nb", "a" * 5000):
            self.assertEqual(self.read(file_name, wrong)[1], 1)

    def test_a_single_one_is_a_list(self) -> None:
        """A list may be written as a single value; all wrong items are told."""
        numbers = many(integer(0), of=int)
        self.assertEqual(self.read(numbers, 3), ((3,), 0))
        self.assertEqual(self.read(numbers, [3, 4]), ((3, 4), 0))
        self.assertEqual(self.read(numbers, [-1, "x", 4]), (WRONG, 2))
        self.assertEqual(self.read(numbers, "3")[1], 1)


class PlaceTests(SynchronousTestCase):
    def test_line_of_the_nearest(self) -> None:
        """What is not written stands where the table is that it belongs to."""
        place = Place(Path("x.toml"), {(): 1, ("sip",): 7, ("sip", "listen"): 8, ("sip", "listen", 1): 9})
        self.assertEqual(place.table("sip").at("listen", 1).line, 9)
        self.assertEqual(place.table("sip").at("listen", 0).line, 8)
        self.assertEqual(place.table("sip").at("alias").line, 7)
        self.assertEqual(place.table("route").at("set").line, 0)

    def test_name(self) -> None:
        """A place is named by its table and key."""
        place = Place(Path("x.toml"), {})
        self.assertEqual(str(place.table("sip", "timers").at("t1")), "[sip.timers] t1")
        self.assertEqual(str(place.table("sip").at("listen", 3)), "[sip] listen")
        self.assertEqual(str(place.table("sip")), "[sip]")
        self.assertEqual(str(place.at("sip")), "sip")
        self.assertEqual(str(place.table("sip").at("advertise", "a\nb")), r"[sip] advertise.'a\nb'")

    def test_what_is_told_is_short(self) -> None:
        """Of a huge value only as much is told as anybody reads, and the remedy behind it."""
        place = Place(Path("x.toml"), {})
        place.wrong(f"{'x' * 100_000} is wrong; write 1")
        self.assertLess(len(place.problems[0].remedy), 1000)
        self.assertTrue(place.problems[0].remedy.endswith("is wrong; write 1"))

    def test_suggestions(self) -> None:
        """A name with a slip brings the right one, any other all of them."""
        self.assertEqual(suggest("DTS", ("dst", "domain")), "did you mean 'dst'?")
        self.assertEqual(suggest("quite another", ("dst", "domain")), "write 'dst' or 'domain'")
