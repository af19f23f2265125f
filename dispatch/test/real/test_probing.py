"""Probing beside a real Kamailio with the same list: the same letters after the same probes."""

from __future__ import annotations

import itertools
import os
import signal
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

from dispatch.test.real import kamailio, service
from dispatch.test.real.case import RealCase
from dispatch.test.real.probed import SILENT, Answer, Gateways, Histories, Watched, kamailio_states, our_states
from dispatch.test.real.process import Process
from dispatch.test.real.scenario import arrives, document, reply

_INTERVAL: Final = 2
_MANY: Final = 1000
_FEW: Final = 6  # probes until each of them is as it stays
_EACH: Final = 67  # one in so many is watched at each step; not a multiple of the scripts, so that all of them are
_SILENCE: Final = 0.8  # seconds until a probe counts as not answered
_PATIENT: Final = 2.0  # the same, of a thousand
_PROMPT: Final = 0.25  # seconds in which a probe is to be seen and answered, for the histories to say anything
_PACES: Final = (1, 4)  # when the machine was too busy for that, all of it once more, so many times as slow
_PROBES: Final = 7
_SECONDS: Final = 90.0  # at most
_EXPECTED: Final = b"<sip:us@example.net>"

GOOD, GONE, REFUSED, UNKNOWN, UNWILLING, MUTE = map(Answer, (200, 410, 503, 404, 480, SILENT))
SLOW: Final = Answer(200, after=0.3)
LATE: Final = Answer(200, after=1.7)
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
    (8, "", (MUTE, LATE, LATE, GOOD)),  # not at first: Kamailio's timers are rough while it starts
    (8, "", (SLOW,)),
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
_LAST: Final = 3
"""The gateway that is probed longest in every mode."""
_ENOUGH: Final = (2, _PROBES + 1, 4, _PROBES + 1)
"""So often by mode; once more than is compared, as the others of its round may come behind it."""


def _is_enough(histories: Histories) -> bool:
    needed = [count for count in _ENOUGH for _ in range(2)]
    return all(len(one[_LAST]) >= count for one, count in zip(histories, needed, strict=True))


class ProbingCase(RealCase):
    programs: ClassVar[tuple[str, ...]] = ("kamailio", "sipp")
    ours_only = True

    def setUp(self) -> None:
        super().setUp()
        # A path of its own: that of a socket must be short.
        place = tempfile.TemporaryDirectory(prefix="probing.")
        self.addCleanup(place.cleanup)
        self.short = Path(place.name)

    def begin(
        self,
        name: str,
        text: str,
        given: Mapping[str, int | str],
        protos: Sequence[str] = ("udp",),
        silence: float = _SILENCE,
        pace: int = 1,
    ) -> tuple[Watched, Watched]:
        """Start ours and Kamailio with these parameters and the same list; nobody waits for them to be ready.

        Args:
            pace: how many times as long an interval is, and a silence.
        """
        folder, short = self.folder / name, self.short / name
        short.mkdir()
        thresholds = {"ds_probing_threshold": 3, "ds_inactive_threshold": 2}
        interval = int(given.get("ds_ping_interval", _INTERVAL)) * pace
        parameters = {**thresholds, **given, "ds_ping_interval": interval}
        mine, their = (tuple(map(self.address, protos)) for _ in range(2))
        config = service.write(folder, service.Plan(mine, (), silence=silence * pace, parameters=parameters))
        config.write_text(f'{config.read_text()}\n[control]\namp = "unix:{short / "door"}"\n')
        listed = folder / "dispatcher.list"
        listed.write_text(text)
        rpc = short / "rpc"
        for process in (
            kamailio.prober("reference", folder, their, rpc, listed, silence * pace, parameters),
            service.launch("ours", folder, config, mine),
        ):
            self.started.append(process)
            self.addCleanup(process.stop)
        return Watched(mine[0], our_states(short / "door")), Watched(their[0], kamailio_states(rpc, short / "client"))

    def stop(self) -> None:
        """End those that were started for a pace that was too quick."""
        for process in self.started:
            process.stop()


class ScriptTests(ProbingCase):
    def test_beside_kamailio(self) -> None:
        """In each mode, both give each gateway the same letters after the same answers, and stop probing alike."""
        for pace in _PACES:
            self.stop()
            gateways = Gateways([script for _, _, script in GATEWAYS], pace)
            self.addCleanup(gateways.close)
            rows = zip(gateways.uris, GATEWAYS, strict=True)
            text = "".join(f"1 {uri} {flags} 0 {attrs}\n" for uri, (flags, attrs, _) in rows)
            pairs = [self.begin(f"mode{number}-{pace}", text, given, pace=pace) for number, given in enumerate(MODES)]
            histories = iter(gateways.serve(_SECONDS * pace, _is_enough, *itertools.chain(*pairs)))
            if gateways.slowest < _PROMPT * pace:
                break
        for given, (ours, theirs) in zip(MODES, pairs, strict=True):
            my_last, their_last = ours.states(), theirs.states()
            found = zip(gateways.uris, GATEWAYS, next(histories), next(histories), strict=True)
            for uri, row, mine, their in found:
                self.assertEqual(mine[:_PROBES], their[:_PROBES], (given, row))
                if len(mine) < _PROBES:  # nobody probes it any more
                    self.assertEqual(my_last[uri], their_last[uri], (given, row))


class ManyTests(ProbingCase):
    def test_half_of_a_thousand(self) -> None:
        """Half of 1,000 gateways are dead, some from a time on, some until then: both say so after the same probes."""
        scripts = ((GOOD,), (MUTE,), (GOOD,), (GOOD, GOOD, MUTE), (GOOD,), (MUTE, MUTE, MUTE, GOOD))
        watched = range(0, _MANY, _EACH)

        def is_enough(histories: Histories) -> bool:
            return all(len(one[number]) > _FEW for one in histories for number in watched)

        for pace in _PACES:
            self.stop()
            gateways = Gateways([scripts[number % len(scripts)] for number in range(_MANY)])
            self.addCleanup(gateways.close)
            # Those that are watched are a set of their own, so that it takes no time to ask for them.
            text = "".join(f"{1 if number % _EACH else 2} {uri}\n" for number, uri in enumerate(gateways.uris))
            # Patient, as a thousand answers take their time.
            given = {"ds_ping_interval": 3, "ds_probing_mode": 1}
            ours, theirs = self.begin(f"both-{pace}", text, given, silence=_PATIENT, pace=pace)
            quick = ours._replace(states=our_states(self.short / f"both-{pace}" / "door", 2))
            mine, their = gateways.serve(_SECONDS * pace, is_enough, quick, theirs, each=_EACH)
            if gateways.slowest < _PATIENT / 2 * pace:
                break
        for number in watched:
            self.assertEqual(mine[number][:_FEW], their[number][:_FEW], scripts[number % len(scripts)])
        self.assertLessEqual({"AX", "AP", "TP", "IP"}, {letters for one in mine for letters in one})
        my_last, their_last = (one.states() for one in (ours, theirs))
        self.assertEqual(my_last, their_last)
        dead = [uri for number, uri in enumerate(gateways.uris) if scripts[number % len(scripts)][-1] is MUTE]
        self.assertEqual([uri for uri in gateways.uris if my_last[uri] == "IP"], dead)


class ProcessTests(ProbingCase):
    def test_stopped_and_killed(self) -> None:
        """SIPp, over UDP and TCP, and Kamailio that hang, go on and are killed look the same to both at each step."""
        answerer = document("gateway", arrives("OPTIONS"), reply(200, "OK"))
        gateways: list[Process] = [
            self.gateway(answerer, proto, at=self.address(proto), calls=None, traced=False) for proto in ("udp", "tcp")
        ]
        at = self.address()
        gateways.append(self.keep(kamailio.neighbour("kamailio", self.folder, [at], self.uri(at))))
        uris = [self.uri(one.sockets[0]) for one in gateways]
        text = "".join(f"1 {uri} 0\n" for uri in uris)
        both = self.begin("both", text, {"ds_ping_interval": 1, "ds_probing_mode": 1}, ("udp", "tcp"))
        for process in self.started[-2:]:
            process.wait_bound()
        reference = self.started[-2]
        reference.wait_for("its control socket", (self.short / "both" / "rpc").exists)
        for number, letters in ((None, "AP"), (signal.SIGSTOP, "IP"), (signal.SIGCONT, "AP"), (signal.SIGKILL, "IP")):
            if number is not None:
                for one in gateways:
                    os.killpg(one.pid, number)  # Kamailio is many
            for watched in both:
                reference.wait_for(
                    f"{letters} after {number}",
                    lambda watched=watched, letters=letters: [watched.states()[uri] for uri in uris] == [letters] * 3,  # type: ignore[misc]
                )
