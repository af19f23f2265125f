"""Probing beside a real Kamailio with the same list: the same letters after the same probes."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dispatch.test.real import kamailio, service
from dispatch.test.real.case import RealCase
from dispatch.test.real.probed import SILENT, Answer, Gateways, Watched, kamailio_states, our_states

_INTERVAL: Final = 2
_SILENCE: Final = 1.2  # seconds until a probe counts as not answered
_PROBES: Final = 7
_SECONDS: Final = _INTERVAL * _PROBES + 5.0
_EXPECTED: Final = b"<sip:us@example.net>"

GOOD, GONE, REFUSED, UNKNOWN, UNWILLING, MUTE = map(Answer, (200, 410, 503, 404, 480, SILENT))
LATE: Final = Answer(200, after=1.5)
PICKY: Final = Answer(200, sender=_EXPECTED)

# Flags in the list, attributes, and what is answered to one probe after the other.
GATEWAYS: Final = (
    (0, "", (GOOD,)),
    (8, "", (MUTE,)),
    (8, "", (MUTE, MUTE, GOOD, MUTE, MUTE, MUTE, GOOD)),
    (9, "", (GOOD, MUTE, GOOD, GOOD, REFUSED)),
    (8, "", (UNKNOWN,)),
    (8, "", (UNWILLING,)),
    (8, "", (REFUSED, GOOD, REFUSED, GOOD)),
    (8, "", (LATE, LATE, LATE, GOOD)),
    (10, "", (GONE, GONE, GOOD)),
    (1, "", (GOOD,)),
    (4, "", (GOOD,)),
    (12, "", (GOOD,)),
    (8, "", (PICKY,)),
    (8, f"ping_from={_EXPECTED[1:-1].decode()}", (PICKY,)),
)


MODES: Final[tuple[dict[str, int | str], ...]] = (
    {"ds_probing_mode": 0},
    {"ds_probing_mode": 1, "ds_ping_reply_codes": "code=404"},
    {"ds_probing_mode": 2},
    {"ds_probing_mode": 3, "ds_ping_reply_codes": "class=4", "ds_probing_threshold": 2},
)


class ProbingTests(RealCase):
    programs = ("kamailio",)
    ours_only = True

    def setUp(self) -> None:
        super().setUp()
        # A path of its own: that of a socket must be short.
        place = tempfile.TemporaryDirectory(prefix="probing.")
        self.addCleanup(place.cleanup)
        self.short = Path(place.name)
        self.gateways = Gateways([script for _, _, script in GATEWAYS])
        self.addCleanup(self.gateways.close)

    def begin(self, name: str, given: Mapping[str, int | str]) -> tuple[Watched, Watched]:
        """Start ours and Kamailio with these parameters and the same list; nobody waits for them to be ready."""
        folder, short = self.folder / name, self.short / name
        short.mkdir()
        thresholds = {"ds_probing_threshold": 3, "ds_inactive_threshold": 2}
        parameters = {"ds_ping_interval": _INTERVAL, **thresholds, **given}
        mine, their = self.address(), self.address()
        plan = service.Plan((mine,), (), silence=_SILENCE, parameters=parameters)
        config = service.write(folder, plan)
        config.write_text(f'{config.read_text()}\n[control]\namp = "unix:{short / "door"}"\n')
        listed = folder / "dispatcher.list"
        rows = zip(self.gateways.uris, GATEWAYS, strict=True)
        listed.write_text("".join(f"1 {uri} {flags} 0 {attrs}\n" for uri, (flags, attrs, _) in rows))
        rpc = short / "rpc"
        for process in (
            kamailio.prober("reference", folder, their, rpc, listed, _SILENCE, parameters),
            service.launch("ours", folder, config, plan.sockets),
        ):
            self.started.append(process)
            self.addCleanup(process.stop)
        return Watched(mine, our_states(short / "door")), Watched(their, kamailio_states(rpc, short / "client"))

    def test_beside_kamailio(self) -> None:
        """In each mode, both give each gateway the same letters after the same answers, and stop probing alike."""
        pairs = [self.begin(f"mode{number}", given) for number, given in enumerate(MODES)]
        histories = iter(self.gateways.serve(_SECONDS, *itertools.chain(*pairs)))
        for given, (ours, theirs) in zip(MODES, pairs, strict=True):
            my_last, their_last = ours.states(), theirs.states()
            rows = zip(self.gateways.uris, GATEWAYS, next(histories), next(histories), strict=True)
            for uri, row, mine, their in rows:
                self.assertEqual(mine[:_PROBES], their[:_PROBES], (given, row))
                if len(mine) < _PROBES:  # nobody probes it any more
                    self.assertEqual(my_last[uri], their_last[uri], (given, row))
