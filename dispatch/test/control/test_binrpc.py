"""Tests of BINRPC packets, against recorded ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control import binrpc
from dispatch.control.values import Fault, Repeated, Struct, Value

SET_STATE = (
    bytes.fromhex("a103333a0a41d09115") + b"dispatcher.set_state\x001ip\x00\x10\x01\x91\x14sip:127.0.0.1:22020\x00"
)
DONE = bytes.fromhex("a113203a0a41d0911e") + b"Ok. Dispatcher state updated.\0"
REFUSED = bytes.fromhex("a13319 6812e7b8 2001f4 9114") + b"State Update Failed\0"
LISTED = bytes.fromhex(
    "a117 0108 0c539026 03 75 4e52534554530010019508 5245434f52445300 03 45 53455400 03 35 494400 1001"
    "9508 5441524745545300 03 55 4445535400 03 45 55524900 9114 7369703a3132372e302e302e313a323230323000"
    "65 464c41475300 31 415800 9509 5052494f5249545900 1007 65 415454525300 03 55 424f445900 9113"
    "647569643d6777313b7765696768743d353000 55 4455494400 41 67773100 9508 4d41584c4f414400 00"
    "75 57454947485400 1032 9508 5257454947485400 00 75 534f434b455400 910e 3c6e756c6c20737472696e673e00"
    "9509 534f434b4e414d4500 910e 3c6e756c6c20737472696e673e00 9508 4f4250524f585900 910e"
    "3c6e756c6c20737472696e673e00 83 83 83 83 83 83"
)
ANSWER = Struct(
    (
        ("NRSETS", 1),
        (
            "RECORDS",
            Repeated(
                "SET",
                [
                    Struct(
                        (
                            ("ID", 1),
                            (
                                "TARGETS",
                                Repeated(
                                    "DEST",
                                    [
                                        Struct(
                                            (
                                                ("URI", "sip:127.0.0.1:22020"),
                                                ("FLAGS", "AX"),
                                                ("PRIORITY", 7),
                                                (
                                                    "ATTRS",
                                                    Struct(
                                                        (
                                                            ("BODY", "duid=gw1;weight=50"),
                                                            ("DUID", "gw1"),
                                                            ("MAXLOAD", 0),
                                                            ("WEIGHT", 50),
                                                            ("RWEIGHT", 0),
                                                            ("SOCKET", None),
                                                            ("SOCKNAME", None),
                                                            ("OBPROXY", None),
                                                        )
                                                    ),
                                                ),
                                            )
                                        )
                                    ],
                                ),
                            ),
                        )
                    )
                ],
            ),
        ),
    )
)


def body(*values: Value) -> bytes:
    return b"".join(binrpc.body(values))


class PacketTests(SynchronousTestCase):
    def test_a_request(self) -> None:
        """A recorded request is read: its cookie, method and parameters, in their types."""
        data = bytearray(SET_STATE + SET_STATE[:9])
        request = binrpc.take(data)
        assert request is not None
        self.assertEqual(request.cookie, 0x3A0A41D0)
        parsed = binrpc.parse(request.body)
        self.assertEqual(parsed, ("dispatcher.set_state", ["ip", 1, "sip:127.0.0.1:22020"]))
        self.assertEqual((binrpc.take(data), bytes(data)), (None, SET_STATE[:9]))

    def test_answers(self) -> None:
        """Replies and faults are written as recorded, byte for byte."""
        done = binrpc.packet(binrpc.REPLY, 0x3A0A41D0, body("Ok. Dispatcher state updated."))
        self.assertEqual(done, DONE)
        self.assertEqual(binrpc.fault(0x6812E7B8, Fault(500, "State Update Failed")), REFUSED)
        self.assertEqual(binrpc.packet(binrpc.REPLY, 0x0C539026, body(ANSWER)), LISTED)

    def test_scalars(self) -> None:
        """Each scalar has its shortest form."""
        for value, raw in (
            (0, "00"),
            (-5, "40fffffffb"),
            (300, "20012c"),
            (16.0, "223e80"),
            (0.0, "02"),
            (-1.5, "82fffffffffffffa24"),
            ("", "1100"),
            ("abcdef", "7161626364656600"),
            ("abcdefg", "9108 6162636465666700"),
        ):
            self.assertEqual(body(value), bytes.fromhex(raw))
        self.assertEqual(body("x" * 300)[:3], bytes.fromhex("a1012d"))

    def test_no_reply(self) -> None:
        """A reply without values has a length of one byte, and a cookie of 0 one too."""
        self.assertEqual(binrpc.packet(binrpc.REPLY, 0, b""), bytes.fromhex("a1100000"))

    def test_wrong_requests(self) -> None:
        """What begins otherwise, or is larger than anybody's, is no packet; what has no method first is no request."""
        for raw in ("a000", "a11000", "b100", "a10c00ffffff00"):
            self.assertRaises(binrpc.PacketError, binrpc.take, bytearray(bytes.fromhex(raw)))
        for raw in ("", "1001", "9150", "03", "50ffffffffff"):
            self.assertEqual(self.assertRaises(Fault, binrpc.parse, bytes.fromhex(raw)).code, 400)

    @given(st.binary(max_size=60))
    def test_any_bytes(self, raw: bytes) -> None:
        """Any bytes are a request, part of one, or a `PacketError`; any body parameters, or a `Fault`."""
        try:
            binrpc.take(bytearray(raw))
        except binrpc.PacketError:
            pass
        try:
            binrpc.parse(raw)
        except Fault:
            pass

    @given(st.lists(st.integers(-(2**31), 2**31 - 1) | st.text(st.characters(codec="utf-8", exclude_characters="\0"))))
    def test_there_and_back(self, values: list[int | str]) -> None:
        """What is written as parameters is read as the same."""
        self.assertEqual(binrpc.parse(body("m", *values)), ("m", values))
