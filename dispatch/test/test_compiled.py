"""Tests of dispatch.compiled: machine code is used while it was made from the sources that are there."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch import compiled
from dispatch.compiled import MODULES, Finder, is_current, write_digests

_SUFFIX = EXTENSION_SUFFIXES[0]


class CompiledCase(SynchronousTestCase):
    """A tree with the sources, and a folder with what could be machine code."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.folder = self.root / "build" / "compiled"
        for path in MODULES:
            source = self.root / path
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(f"# {path}\n")
        (self.folder / "dispatch" / "sip").mkdir(parents=True)
        self.shared = self.folder / ("dispatch__mypyc" + _SUFFIX)
        self.shared.write_bytes(b"")
        self.digests = self.folder / "sources.sha256"
        write_digests(self.digests, self.root)

    def is_current(self) -> bool:
        return is_current(self.digests, self.root)


class CurrentTests(CompiledCase):
    def test_unchanged(self) -> None:
        """Right after it was made the machine code is used."""
        self.assertTrue(self.is_current())

    def test_stale(self) -> None:
        """A single changed source sets all machine code aside, and changing it back brings it back."""
        for path in (MODULES[0], MODULES[-1]):
            source = self.root / path
            before = source.read_text()
            source.write_text(before + "pass\n")
            self.assertFalse(self.is_current(), path)
            source.write_text(before)
            self.assertTrue(self.is_current(), path)

    def test_a_source_is_gone(self) -> None:
        """Machine code of a source that is no longer there is not used."""
        (self.root / MODULES[0]).unlink()
        self.assertFalse(self.is_current())

    def test_another_python(self) -> None:
        """Machine code for another Python, whose files are named otherwise, is not used."""
        self.shared.rename(self.shared.with_suffix(".cpython-399-none.so"))
        self.assertFalse(self.is_current())

    def test_none_made(self) -> None:
        """Without digests there is no machine code."""
        self.digests.unlink()
        self.assertFalse(self.is_current())

    def test_the_list_of_modules(self) -> None:
        """Every module that is compiled exists, and is there once."""
        for path in MODULES:
            self.assertTrue((Path(compiled.__file__).parent.parent / path).is_file(), path)
        self.assertEqual(sorted(set(MODULES)), list(MODULES))


class FinderTests(CompiledCase):
    def test_found(self) -> None:
        """A module that has machine code is loaded from it."""
        file = self.folder / "dispatch" / "sip" / ("message" + _SUFFIX)
        file.write_bytes(b"")
        spec = Finder(self.folder).find_spec("dispatch.sip.message", None, None)
        assert spec is not None
        self.assertEqual(spec.origin, str(file.resolve()))

    def test_not_found(self) -> None:
        """Other modules, of ours or not, are left to Python."""
        (self.folder / ("other" + _SUFFIX)).write_bytes(b"")
        for name in ("dispatch.sip.reader", "dispatch", "other"):
            self.assertIsNone(Finder(self.folder).find_spec(name, None, None), name)
