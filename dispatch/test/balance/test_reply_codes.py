"""Tests of dispatch.balance.reply_codes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.reply_codes import SUCCESS, accepted

STATUSES = (100, 180, 200, 202, 299, 300, 302, 399, 400, 404, 408, 486, 500, 503, 600, 603)
"""What the destinations of the recording answered."""

RECORDED = {
    "": "",
    "code=404": "404",
    "class=4": "400 404 408 486",
    "code=404;class=3": "300 302 399 404",
    "code=404;;class=3": "300 302 399 404",
    "CODE=404;Class=5": "404 500 503",
    "code=404;code=302": "302 404",
    "code=abc;class=4": "400 404 408 486",
    "code=404,class=5": "404",
    **dict.fromkeys(("code=99", "class=7", "class=0", "class=40", "code=4040", "foo=1", "404", "=404", "code"), ""),
}
"""What each value accepts beside 2xx."""


class AcceptedTests(SynchronousTestCase):
    def test_recorded(self) -> None:
        """Each value accepts the final answers that the original accepts with it, and 2xx always."""
        for text, shown in RECORDED.items():
            found = accepted(text.encode())
            self.assertLessEqual(SUCCESS, found)
            finals = [status for status in STATUSES if status >= 300 and status in found]
            self.assertEqual(" ".join(map(str, finals)), shown, text)

    def test_refused(self) -> None:
        """What keeps the original from starting is an error."""
        for text in (b"code=404 code=302", b"class=4;", b";"):
            with self.assertRaises(ValueError):
                accepted(text)
