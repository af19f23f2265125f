"""The original's ``kamcmd``, typed at ours and at a real Kamailio with the same list."""

from __future__ import annotations

import random
import re
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar, Final

from dispatch.test.real import kamailio, ports, service
from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Process

LIST: Final = """\
1 sip:127.0.0.1:5071 0 10 duid=a;weight=50;maxload=7
1 sip:127.0.0.1:5072;transport=tcp 0 10 duid=b;rweight=30;my=x
1 sip:127.0.0.1:5073 8 5
1 sips:127.0.0.1 2
2 sip:user@127.0.0.1:5074 1 0 obproxy=sip:127.0.0.1:5079;
3 127.0.0.1:5075 4
"""
A: Final = "sip:127.0.0.1:5071"
KINDS: Final = ("unix", "unixd", "tcp", "udp")
STEPS: Final = 100
SEED: Final = 7


def kamcmd(socket: str, *arguments: str) -> str:
    """What it prints; its exit status is 0 whatever happens."""
    command = ["kamcmd", "-s", socket, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr


class SideBySideTests(RealCase):
    ours_only = True
    maxDiff = None
    programs: ClassVar[tuple[str, ...]] = ("kamailio", "kamcmd")

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="kamcmd.")  # paths of sockets are short
        self.addCleanup(folder.cleanup)
        self.short = Path(folder.name)
        self.lists: list[Path] = []
        self.sockets: list[dict[str, str]] = []
        self.processes = [self.theirs(), self.ours()]

    def theirs(self) -> Process:
        sockets = self.named("k")
        place = self.folder / "theirs"
        place.mkdir()
        self.listed(place)
        at = (self.address(),)
        return self.keep(kamailio.controlled("kamailio", place, at, tuple(sockets.values()), self.lists[-1]))

    def ours(self) -> Process:
        sockets = self.named("d")
        place = self.folder / "ours"
        config = service.write(place, service.Plan((self.address(),), ()))
        self.listed(place)
        written = ", ".join(f'"{_endpoint(one)}"' for one in sockets.values())
        config.write_text(f"{config.read_text()}\n[control]\nbinrpc = [{written}]\n")
        process = self.keep(service.launch("ours", place, config, ()))
        process.wait_logged("listening on")
        return process

    def named(self, name: str) -> dict[str, str]:
        """A socket of each kind, as Kamailio spells it."""
        at = f"{ports.LOOPBACK}:{ports.free()}"
        paths = {"unix": f"unix:{self.short}/{name}", "unixd": f"unixd:{self.short}/{name}.d"}
        self.sockets.append({**paths, "tcp": f"tcp:{at}", "udp": f"udp:{at}"})
        return self.sockets[-1]

    def listed(self, folder: Path) -> None:
        self.lists.append(folder / "dispatcher.list")
        self.lists[-1].write_text(LIST)

    def write_list(self, text: str) -> None:
        for path in self.lists:
            path.write_text(text)

    def both(self, *arguments: str, kind: str = "unix") -> str:
        """What both say; they say the same."""
        theirs, ours = (kamcmd(sockets[kind], *arguments) for sockets in self.sockets)
        self.assertEqual(ours, theirs, " ".join(arguments))
        return theirs

    def same(self, *lines: str) -> None:
        for line in lines:
            self.both(*line.split(" "))

    def test_reading(self) -> None:
        """What only looks prints the same: listings of each length, hashes, variables, help, and what is no command."""
        for kind in KINDS:
            self.assertIn("NRSETS: 3", self.both("dispatcher.list", kind=kind))
        self.same(
            *("dispatcher.list short", "dispatcher.list full", "dispatcher.list other", "dispatcher.list 1"),
            *("dispatcher.hash 8 abc", "dispatcher.hash 8 abc def", "dispatcher.hash 0 abc", "dispatcher.hash 8"),
            *("dispatcher.hash", "dispatcher.hash x y", "dispatcher.hash 8 5"),
            *("core.echo a 5 b", "core.echo", "nothing", "system.methodHelp"),
            *("system.methodHelp x", "system.methodHelp 5", "system.methodSignature core.echo"),
            *("ctl.connections", "stats.get_statistics", "stats.fetch", "stats.fetch nothing", "stats.fetchn 5"),
            *("stats.get_statistics rcv_requests", "stats.fetch core:rcv_requests", "stats.fetchn core.rcv_replies"),
            *("cfg.get", "cfg.get dispatcher", "cfg.get dispatcher probing_threshold", "cfg.get dispatcher x"),
            *("cfg.list dispatcher", "cfg.list x"),
        )
        names = kamcmd(self.sockets[1]["unix"], "system.listMethods").split()
        self.assertGreater(len(names), 25)
        self.same(*(f"system.methodHelp {name}" for name in names))
        known = kamcmd(self.sockets[0]["unix"], "system.listMethods").split()
        self.assertEqual(set(names) - set(known), set())

    def test_words_alike(self) -> None:
        """What tells of the program itself has the same form: all but the values is equal."""
        for line in ("core.uptime", "core.info", "core.runinfo", "core.sockets_list"):
            theirs, ours = (re.sub(r": .*", ":", kamcmd(sockets["unix"], line)) for sockets in self.sockets)
            self.assertEqual(ours, theirs, line)
        for line in ("ctl.who", "ctl.listen"):
            for kind in ("unix", "tcp"):
                theirs, ours = (re.sub(r"/.*|[0-9.]{3,}", "x", kamcmd(sockets[kind], line)) for sockets in self.sockets)
                self.assertEqual(ours, theirs)
        self.assertIn("no open stream connection", self.both("ctl.who", kind="udp"))

    def test_states(self) -> None:
        """Each letter, alone and before others, gives the same state and the same answer, and so does each mistake."""
        letters = ("a", "A", "0", "1", "2", "3", "i", "I", "d", "D", "t", "T", "p", "P", "x", "4", "é", "-")
        states = [*letters, *(letter + "p" for letter in letters), "iP", "ipp", "axxx", "pa", "ad", "s:", "1.5", ""]
        for state in states:
            self.both("dispatcher.set_state", "--", state, "1", A)
            self.both("dispatcher.list", "short")
        self.same(
            *("dispatcher.set_state", "dispatcher.set_state a", "dispatcher.set_state a 1"),
            *("dispatcher.set_state a 9 sip:127.0.0.1:5071", "dispatcher.set_state a x sip:127.0.0.1:5071"),
            *(
                "dispatcher.set_state a 1 sip:no",
                "dispatcher.set_state a 1 5",
                "dispatcher.set_state a 1 SIP:127.0.0.1:5071",
            ),
            *("dispatcher.set_state i 1 all", "dispatcher.set_state a 9 all", "dispatcher.set_state a 1 ALL"),
            *("dispatcher.set_duid_state d 1 a", "dispatcher.set_duid_state d 1 A", "dispatcher.set_duid_state ip 1 b"),
            *("dispatcher.set_duid_state d 9 a", "dispatcher.set_duid_state zz 1 a", "dispatcher.set_duid_state d 1"),
            *(
                "dispatcher.set_duid_state d 1 5",
                "dispatcher.set_duid_state d 1 all",
                "dispatcher.set_duid_state d 9 all",
                "dispatcher.list",
            ),
        )
        for kind in KINDS:
            self.both("dispatcher.set_state", "t", "2", "sip:user@127.0.0.1:5074", kind=kind)

    def test_lists(self) -> None:
        """Lists are read anew, refused, and changed in memory alike; but states stay at a reload of ours."""
        self.both("dispatcher.set_state", "ip", "1", A)
        for line in (
            *("1 sip:127.0.0.1:6001", "1 sip:127.0.0.1:6002 8 5", "4 sip:127.0.0.1:6003 0 0 duid=n;weight=4"),
            *(
                "4 sip:127.0.0.1:6003",
                "0 127.0.0.1:6004 3",
                "-- -1 sip:127.0.0.1:6005",
                "1",
                "",
                "x sip:a",
            ),
            *("1 5", "1 sip:127.0.0.1 x", "1 sip:127.0.0.1 0 x", "1 sip:127.0.0.1 0 0 5", "7 sip:127.0.0.1:6006"),
        ):
            self.both("dispatcher.add", *line.split())
            self.both("dispatcher.list")
        for line in ("1 sip:127.0.0.1:6001", "-- -1 sip:127.0.0.1:6005", "4 sip:127.0.0.1:6003"):
            self.both("dispatcher.remove", *line.split())
            self.both("dispatcher.list")
        self.same("dispatcher.remove", "dispatcher.remove 1", "dispatcher.remove x y", "dispatcher.remove 1 http://x")
        self.renew(LIST.splitlines())
        self.same("dispatcher.list")
        self.write_list("1 sip:127.0.0.1:5071\n1\n")
        self.assertIn("Reload Failed", self.both("dispatcher.reload"))
        self.same("dispatcher.list")
        self.write_list("# nothing\n")
        self.same("dispatcher.reload", "dispatcher.list", "dispatcher.set_state a 1 all")

    def test_run_time(self) -> None:
        """Probing is stopped and begun alike, and variables of the configuration framework are."""
        self.same(
            *(
                "dispatcher.ping_active",
                "dispatcher.ping_active 0",
                "dispatcher.ping_active",
                "dispatcher.ping_active 5",
            ),
            *("dispatcher.ping_active x", "dispatcher.ping_active -- -1", "dispatcher.ping_active 1 2"),
            *("cfg.set_now_int dispatcher probing_threshold 4", "cfg.seti dispatcher inactive_threshold 3"),
            *("cfg.set_now_string dispatcher ping_reply_codes class=3", "cfg.get dispatcher"),
            *("cfg.sets dispatcher ping_reply_codes code=404", "cfg.set dispatcher probing_threshold 2"),
            *("cfg.set dispatcher ping_reply_codes class=2", "cfg.get dispatcher", "cfg.set dispatcher", "cfg.seti"),
            *("cfg.set_now_int dispatcher probing_threshold x", "cfg.set_now_int dispatcher x 1", "cfg.set_now_int x"),
            *("cfg.set_now_string dispatcher probing_threshold 5", "cfg.set_now_string x y z", "cfg.get dispatcher"),
        )

    def test_by_chance(self) -> None:
        """Random lists, and random states, destinations added and removed one after the other: the listings agree."""
        chance = random.Random(SEED)
        for step in range(STEPS):
            if step % 25 == 0:
                self.renew([_line(chance) for _ in range(chance.randrange(1, 12))])
            listed = _destinations(self.both("dispatcher.list", "short"))
            what = chance.choice(("set_state", "set_state", "set_state", "set_state", "add", "remove"))
            group, uri = str(chance.randrange(4)), _uri(chance)
            if what == "set_state":
                self.both("dispatcher.set_state", chance.choice("aidt") + chance.choice(("", "p")), group, uri)
            elif what == "add":
                self.both("dispatcher.add", group, uri, *chance.choice(((), ("8",), ("2", "1"))))
            elif listed:
                self.both("dispatcher.remove", *chance.choice(listed))

    def renew(self, lines: list[str]) -> None:
        """Another list, of which ours remembers nothing."""
        for text in ("# nothing", "\n".join(lines)):
            self.write_list(f"{text}\n")
            self.both("dispatcher.reload")


def _destinations(listing: str) -> list[tuple[str, str]]:
    """Set and URI of each."""
    found, group = [], ""
    for name, value in re.findall(r"(ID|URI): (.*)", listing):
        if name == "ID":
            group = value
        else:
            found.append((group, value))
    return found


def _uri(chance: random.Random) -> str:
    return f"sip:127.0.0.1:{5070 + chance.randrange(5)}"


def _line(chance: random.Random) -> str:
    flags, priority = chance.choice((0, 0, 0, 1, 2, 4, 8, 9, 16)), chance.randrange(3)
    attributes = chance.choice(("", "", f"duid={chance.randrange(100)}", f"weight={chance.randrange(120)};x=y"))
    return f"{chance.randrange(4)} {_uri(chance)} {flags} {priority} {attributes}"


def _endpoint(spelled: str) -> str:
    """Kamailio's socket as ours."""
    kind, _, rest = spelled.partition(":")
    if kind in ("unix", "unixd"):
        return spelled
    host, _, port = rest.partition(":")
    return f"{kind}:{port}:interface={host}"
