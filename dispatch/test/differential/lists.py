"""Random list files."""

from __future__ import annotations

from random import Random
from typing import Final

_SETS: Final = ("1", "1", "1", "1", "2", "2", "0", "7", "33", "007")
_ODD_SETS: Final = ("", "x", "-1", "99999999999", "2147483648", "1,", "1.5")
_FLAGS: Final = ("0", "0", "0", "0", "0", "1", "2", "4", "8", "9", "10", "16", "5", "255")
_ODD_NUMBERS: Final = ("", "x", "-1", "-5", "00", "4294967297", "2147483648", "99999999999", "3x", "+1", "1.5", "0x1")
_PRIORITIES: Final = ("0", "0", "0", "1", "5", "10", "50", "100")
_HOSTS: Final = ("127.0.0.1:50{0:02}", "127.0.0.1:50{0:02}", "10.0.0.{0}", "gw{0}.example.com", "192.0.2.{0}:5080")
_URIS: Final = (
    "sip:gw{0}@10.0.0.1:5070",
    "sips:10.0.0.{0}",
    "SIP:GW{0}.example.com",
    "sip:[2001:db8::{0}]:5070",
    "sip:10.0.0.{0};transport=tcp",
    "10.0.0.{0}:5070",
    "gw{0}.example.com",
    "[::1]:50{0:02}",
    "tel:+4912{0}",
    "sip:u{0}:pw@10.0.0.1;transport=UDP?a=b",
    "sip:10.0.0.{0}:05060",
    "sip:10.0.0.{0}:",
)
_ODD_URIS: Final = (
    "x",
    "abcd",
    "sip:",
    "sip:@h",
    "sip:h:99999",
    "sip:h:abc",
    "<sip:10.0.0.1>",
    '"sip:10.0.0.1"',
    "sip:[::1",
    "http://a.com",
    "sip:a_b.com",
    "sip:h\xe9.com:5070",
    "sip:u@h\xe9.com",
    "garbage",
    "urn:service:sos",
    "sip:a@b@c",
    "sip:+1;ext=5@h",
    "sip:+1;ext=5@h;user=phone",
    "sip:10.0.0.1#c",
)
_ATTRIBUTES: Final = (
    "weight={0}",
    "weight={0}",
    "rweight={0}",
    "rweight={0}",
    "duid=d{1}",
    "duid=d{1}",
    "maxload={2}",
    "my=xyz",
    "socket=udp:127.0.0.1:22010",
    "cc=1",
)
_ODD_ATTRIBUTES: Final = (
    "weight=",
    "weight=101",
    "weight=0",
    "weight=-5",
    "weight=2x",
    "weight=abc",
    "WEIGHT=7",
    "rweight=101",
    "rweight=+9",
    "maxload=-1",
    "maxload=99999999999",
    'my="x;y"',
    "my='x'",
    'my="x',
    "my=x,rest=1",
    "my=x>rest",
    "=x",
    "a",
    "",
    "a=#x",
    "duid=",
    "socket=udp:127.0.0.1:9",
    "socket=127.0.0.1",
    "socket=tcp:127.0.0.1:22010",
    "socket=nonsense",
    "sockname=nobody",
    "my=h\xe9",
)
# A duid that no other line has.
_COUNTED: Final = "duid=c#"
_CHARACTERS: Final = " \t;=,\"'#:@[]<>0159xX-+.\xe9"


def draw_list(random: Random, *, odd: float, largest: int = 13, counted: bool = False) -> str:
    """The text of a list file.

    Args:
        odd: how likely a line has something odd.
        largest: lines at most.
        counted: for call load: destinations have ids and limits.
    """
    ending = "\r\n" if random.random() < 0.1 else "\n"
    sets = random.sample(_SETS, 1 if counted else random.randint(1, 3))
    # All of one kind, so that lists as people write them come too.
    usual = (_COUNTED, "maxload={2}") if counted else ("weight={0}", "rweight={0}") if random.random() < 0.4 else ()
    lines = [
        _line(random, random.choice(sets), odd if random.random() < odd else 0.0, usual)
        for _ in range(random.randint(1, largest))
    ]
    lines = [line.replace(_COUNTED, f"duid={chr(97 + number)}") for number, line in enumerate(lines)]
    return ending.join(lines) + (ending if random.random() < 0.9 else "")


def mutated(random: Random, text: str, times: int = 1) -> str:
    """The text with a few characters gone, changed or put in."""
    for _ in range(times):
        at = random.randint(0, len(text))
        kind = random.randrange(3)
        text = text[:at] + (random.choice(_CHARACTERS) if kind else "") + text[at + (kind != 1) :]
    return text


def _line(random: Random, number: str, odd: float, usual: tuple[str, ...]) -> str:
    def pick(plain: tuple[str, ...], unusual: tuple[str, ...]) -> str:
        return random.choice(unusual if random.random() < odd else plain)

    if random.random() < odd / 4:
        return random.choice(("", "# a comment", "   ", "\t# x", "1 # x", "1"))
    plain = ("sip:" + random.choice(_HOSTS),)
    # Where calls are counted the Request-URI stays one, as `ds_next_domain` moves no call when it is none.
    uri = pick(plain if _COUNTED in usual else plain * 6 + _URIS, _ODD_URIS).format(random.randint(1, 15))
    fields = [pick((number,) * 5, _ODD_SETS), uri]
    length = 5 if usual else random.choice((2, 3, 4, 5, 5, 5))
    fields += (
        pick(_FLAGS, _ODD_NUMBERS),
        pick(_PRIORITIES, _ODD_NUMBERS),
        _attributes(random, odd, usual),
    )[: length - 2]
    line = random.choice((" ", " ", " ", "\t", "  ")).join(fields)
    if random.random() < odd:
        line = mutated(random, line, random.randint(1, 3))
    return line + (random.choice((" # c", "#c", " rest of it", " ")) if random.random() < odd / 2 else "")


def _attributes(random: Random, odd: float, usual: tuple[str, ...]) -> str:
    chosen = [one for one in usual if random.random() < 0.9]
    if _COUNTED not in usual:
        chosen += [random.choice(_ATTRIBUTES) for _ in range(random.randrange(4))]
    chosen = [random.choice(_ODD_ATTRIBUTES) if random.random() < odd else one for one in chosen]
    random.shuffle(chosen)
    text = ";".join(chosen) + random.choice(("", "", "", ";"))
    if "{" not in text:
        return text
    return text.format(random.choice((1, 5, 10, 20, 25, 33, 50, 60, 100)), random.randint(1, 9), random.randint(0, 4))
