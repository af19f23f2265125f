"""Tests of dispatch.script.variables; the recorded ones of the original are in dispatch.test.vectors."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.script import variables
from dispatch.script.values import Value
from dispatch.sip.message import Message
from dispatch.test.script.scene import StillScene
from dispatch.test.wire import request

DIGEST = b'Authorization: Digest username="sip:al@ex.com", realm="r", nonce="n", uri="u", response="x"\r\n'


def read(text: str, scene: StillScene | None = None) -> Value:
    variable, end = variables.parse(text)
    assert end == len(text)
    return variable.read(scene or StillScene())


class ReadTests(SynchronousTestCase):
    def test_every_one(self) -> None:
        """Each variable of the table has its value, also those that were not recorded."""
        scene = StillScene(
            request(
                uri=b"sip:bob@example.com:5070;transport=tcp",
                headers=DIGEST
                + b"User-Agent: x\r\nContact: <sip:a@b>\r\nContent-Type: text/plain\r\nX-A: 1\r\nX-A: 2\r\n",
                body=b"hi",
            )
        )
        scene.uri = b"sip:bob@gw"
        scene.destination_uri = b"sip:h:5080;transport=tls"
        expected = {
            "null": None,
            "rm": b"INVITE",
            "ru": b"sip:bob@gw",
            "rU": b"bob",
            "rd": b"gw",
            "rp": b"5060",
            "rP": b"UDP",
            "rz": b"sip",
            "ou": b"sip:bob@example.com:5070;transport=tcp",
            "oU": b"bob",
            "od": b"example.com",
            "op": b"5070",
            "oP": b"tcp",
            "du": b"sip:h:5080;transport=tls",
            "dd": b"h",
            "dp": b"5080",
            "dP": b"tls",
            "fu": b"sip:alice@example.com",
            "fU": b"alice",
            "fd": b"example.com",
            "fn": None,
            "ft": b"f1",
            "tu": b"sip:bob@example.com",
            "tU": b"bob",
            "td": b"example.com",
            "tn": None,
            "tt": None,
            "ci": b"call-1",
            "cs": b"1",
            "csb": b"1 INVITE",
            "ct": b"<sip:a@b>",
            "cT": b"text/plain",
            "cl": b"2",
            "ua": b"x",
            "au": b"al",
            "aU": b"sip:al@ex.com",
            "ad": b"ex.com",
            "ar": b"r",
            "si": b"192.0.2.9",
            "sp": b"5070",
            "su": b"sip:192.0.2.9:5070",
            "Ri": b"192.0.2.1",
            "Rp": b"5060",
            "pr": b"udp",
            "proto": b"udp",
            "rb": b"hi",
            "mb": scene.message.raw,
            "ml": b"%d" % len(scene.message.raw),
        }
        self.assertEqual({name: read(f"${name}", scene) for name in variables.PLAIN}, expected)
        for text, value in (
            *(("$(ru)", b"sip:bob@gw"), ("$hdr(X-A)", b"1"), ("$(hdr(x-a)[1])", b"2"), ("$(hdr(X-A)[-1])", b"2")),
            *(("$(hdr(X-A)[2])", None), ("$(hdr(X-A)[*])", b"1,2"), ("$hdrc(X-A)", b"2"), ("$hdrc(X-B)", b"0")),
            *(("$hdr(m)", b"<sip:a@b>"), ("$(hdr(X-B)[*])", None), ("$avp(x)", None), ("$var(x)", b"0")),
            *(("$vz(x)", b"0"), ("$vn(x)", None), ("$xavp(a=>b)", None)),
        ):
            self.assertEqual(read(text, scene), value, text)

    def test_nothing_said(self) -> None:
        """Where the request was not told to go yet, there is no destination to read."""
        for name in ("du", "dd", "dp", "dP"):
            self.assertIsNone(read(f"${name}"))

    def test_ports(self) -> None:
        """A port is as written, also when only its colon is; without one it is the usual one."""
        scene = StillScene()
        for uri, port in ((b"sip:h:05060", b"05060"), (b"sip:h:", b""), (b"sips:h", b"5060")):
            scene.uri = uri
            self.assertEqual(read("$rp", scene), port)

    def test_credentials(self) -> None:
        """ACK and CANCEL have no credentials; Proxy-Authorization hides Authorization, also when it is of no use."""
        self.assertIsNone(read("$au", StillScene(request(b"ACK", headers=DIGEST))))
        self.assertIsNone(read("$au", StillScene(request(headers=b"Proxy-Authorization: Basic x\r\n" + DIGEST))))
        nameless = StillScene(request(headers=b"Proxy-Authorization: Digest nonce=x\r\n"))
        self.assertEqual([read(name, nameless) for name in ("$au", "$aU", "$ad", "$ar")], [b""] * 4)

    def test_empty(self) -> None:
        """What is there and empty is empty, but a Contact that is empty is none; [*] leaves empty ones before out."""
        digest = b'Authorization: Digest username=""\r\n'
        scene = StillScene(request(uri=b"sip:a@b:", headers=digest + b"Contact: \r\nX-A: \r\nX-A: 1\r\nX-A: \r\n"))
        for text, value in (
            *(("$au", b""), ("$aU", b""), ("$ad", b""), ("$ar", b""), ("$rp", b""), ("$ct", None)),
            *(("$hdr(Contact)", b""), ("$hdr(X-A)", b""), ("$(hdr(X-A)[*])", b"1,")),
        ):
            self.assertEqual(read(text, scene), value, text)

    @given(
        st.lists(
            st.tuples(
                st.sampled_from([b"X-A", b"x-a", b"s", b"Subject", b"SUBJECT ", b"m", b"Contact", b"f", b"From"]),
                st.sampled_from([b"", b" ", b" a", b"  a b ", b" x\r\n y", b"\r\n z", b" From: b", b"\xff"]),
            ),
            max_size=6,
        )
    )
    def test_both_ways(self, lines: list[tuple[bytes, bytes]]) -> None:
        """However a message is laid out, a header is the same as what the full reader finds."""
        data = request(headers=b"".join(b"%b:%b\r\n" % line for line in lines))
        scene = StillScene(data)
        whole = StillScene()
        whole.message = Message(data, usual=False)
        for name in ("X-A", "Subject", "s", "Contact", "From", "Via", "Call-ID", "X-None"):
            self.assertEqual(read(f"$hdr({name})", scene), read(f"$hdr({name})", whole), name)

    def test_ipv6(self) -> None:
        """The address of a peer has brackets in a URI only."""
        scene = StillScene(source=("::1", 5070))
        self.assertEqual((read("$si", scene), read("$su", scene)), (b"::1", b"sip:[::1]:5070"))

    @given(st.binary(max_size=80))
    def test_any_message(self, text: bytes) -> None:
        """Whatever stands in a header, every variable has a value or none."""
        value = text.replace(b"\n", b" ").replace(b"\r", b" ")
        lines = b"".join(b"%b: %b\r\n" % (name, value) for name in (b"Contact", b"Authorization", b"X-Key", b"m"))
        data = request(headers=lines).replace(b"<sip:alice@example.com>", value)
        scene = StillScene(data)
        scene.uri = scene.destination_uri = value
        for name in variables.PLAIN:
            found = read(f"${name}", scene)
            self.assertTrue(found is None or isinstance(found, bytes))


class WriteTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.scene = StillScene()

    def write(self, text: str, value: Value) -> None:
        variable, _ = variables.parse(text)
        assert variable.write is not None
        variable.write(self.scene, value)

    def test_plain(self) -> None:
        """Request-URI and destination can be written, the destination taken away; null takes anything."""
        for name in ("$ru", "$du"):
            self.write(name, b"sip:x@y")
            self.assertEqual(read(name, self.scene), b"sip:x@y")
        self.write("$du", None)
        self.write("$null", b"x")
        self.assertIsNone(read("$du", self.scene))

    def test_avp(self) -> None:
        """Values of an AVP pile up, the newest on top; null takes the top one off, [*] means all of them."""
        for value in (b"third", b"second", b"first"):
            self.write("$avp(a)", value)
        self.assertEqual(read("$(avp(s:a)[*])", self.scene), b"first, second, third")
        self.assertEqual(read("$(avp(a)[1])", self.scene), b"second")
        self.write("$avp(a)", None)
        self.assertEqual(read("$avp(a)", self.scene), b"second")
        self.write("$(avp(a)[*])", b"only")
        self.assertEqual(read("$(avp(a)[*])", self.scene), b"only")
        self.write("$(avp(a)[*])", None)
        self.write("$avp(a)", None)
        self.assertIsNone(read("$avp(a)", self.scene))
        self.assertIsNone(read("$avp(i:1)", self.scene))

    def test_script_variables(self) -> None:
        """Each kind of script variable has names of its own, and null gives back what it began with."""
        self.write("$var(x)", b"1")
        self.write("$vn(x)", b"2")
        self.assertEqual([read(f"${kind}(x)", self.scene) for kind in ("var", "vn", "vz")], [b"1", b"2", b"0"])
        self.write("$var(x)", None)
        self.assertEqual(read("$var(x)", self.scene), b"0")

    def test_xavp(self) -> None:
        """Writing without an index makes a new root; with one it changes what is there."""
        self.write("$xavp(r=>a)", b"old")
        self.write("$xavp(r=>a)", b"new")
        self.write("$xavp(r[0]=>b)", b"more")
        self.write("$xavp(r[7]=>b)", b"nowhere")
        for text, value in (("r=>a", b"new"), ("r[0]=>b", b"more"), ("r[1]=>a", b"old"), ("r[1]=>b", None)):
            self.assertEqual(read(f"$xavp({text})", self.scene), value, text)
        self.write("$xavp(r[0]=>a)", None)
        self.assertIsNone(read("$xavp(r=>a)", self.scene))


class UnknownTests(SynchronousTestCase):
    def test_what_was_meant(self) -> None:
        """What is no variable says so, with what was probably meant or how it is written."""
        for text, words in (
            ("$fx", "did you mean $f"),
            ("$hdrs(x)", "$hdr(NAME)"),
            ("$hdr", "written $hdr(NAME)"),
            ("$hdr()", "written $hdr(NAME)"),
            ("$ci(x)", "written $ci"),
            ("$(ci[1])", "written $ci"),
            ("$(fU{s.len})", "no transformations"),
            ("$xavp(x)", "$xavp(root=>name)"),
            ("$(xavp(x=>y)[1])", "$xavp(root=>name)"),
            ("$", "no variable"),
            ("$(ci", "no variable"),
            ("x", "no variable"),
        ):
            with self.assertRaises(ValueError, msg=text) as caught:
                variables.parse(text)
            self.assertIn(words, str(caught.exception))

    @given(st.text(alphabet="$()[]{}=>*-01aciuhdrx ", max_size=12))
    def test_any_text(self, text: str) -> None:
        """Any text is a variable or said to be none."""
        try:
            _, end = variables.parse("$" + text)
        except ValueError:
            return
        self.assertTrue(0 < end <= len(text) + 1)
