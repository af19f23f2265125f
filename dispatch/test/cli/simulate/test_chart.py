"""Tests of dispatch.cli.simulate.chart."""

from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.forecast import Forecast
from dispatch.cli.simulate.chart import draw

SVG = "{http://www.w3.org/2000/svg}"
NOW = Forecast("now", [b"a", b"a", b"b", b"b"])
INACTIVE = Forecast("inactive", [b"b", b"b", b"b", None], needed=2, needless=1)
LABELS = [(b"a", "a<&>"), (b"b", "b"), (None, "nobody")]


class DrawTests(SynchronousTestCase):
    def picture(self, *shown: Forecast) -> tuple[list[str], dict[str, list[float]]]:
        """Its texts, and the lengths of its bars by colour, without those of legends and the background."""
        root = ElementTree.fromstring(draw("title", LABELS, shown))
        bars: dict[str, list[float]] = {}
        for rect in root.iter(f"{SVG}rect"):
            if "x" in rect.attrib and rect.attrib["width"] != "12.0":
                bars.setdefault(rect.attrib["fill"], []).append(float(rect.attrib["width"]))
            right = float(rect.get("x", 0)) + float(rect.attrib["width"])
            self.assertLessEqual(right, float(root.attrib["width"]))
            self.assertLess(float(rect.get("y", 0)), float(root.attrib["height"]))
        return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")], bars

    def test_shares(self) -> None:
        """Each goal has its label, and a bar as long as its share."""
        texts, bars = self.picture(NOW)
        self.assertEqual(texts, ["title", "a<&>", "50.0%", "b", "50.0%", "nobody", "0.0%"])
        self.assertEqual(list(bars.values()), [[400.0, 400.0, 0.0]])

    def test_moves(self) -> None:
        """A second forecast has bars of its own, and one of what moved: needed, needless and stayed make the whole."""
        texts, bars = self.picture(NOW, INACTIVE)
        self.assertEqual(texts[-2:], ["inactive", "75.0%"])
        now, inactive, needed, needless, stayed = bars.values()
        self.assertEqual(now, [266.7, 266.7, 0.0])
        self.assertEqual(inactive, [0.0, 400.0, 133.3])
        self.assertEqual((needed, needless, stayed), ([200.0], [100.0], [100.0]))
