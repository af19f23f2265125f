"""Random requests, usual and odd."""

from __future__ import annotations

from random import Random
from typing import Final

from dispatch.errors import ParseError
from dispatch.sip.message import Message
from dispatch.test.differential.lists import mutated

_METHODS: Final = ("INVITE", "INVITE", "INVITE", "REGISTER", "OPTIONS", "MESSAGE", "SUBSCRIBE", "PUBLISH", "BYE")
_USERS: Final = (
    "alice",
    "bob",
    "+4930123456",
    "1000",
    "a",
    "ab",
    "abc",
    "abcd",
    "o'neil",
    "%61lice",
    "a!b~c*d(e)",
    "a.b.c",
    "A",
    "user;ext=5",
    "user?x=y",
    "\xe9\xe8\xe7",
    "a\xff",
    "x" * 70,
)
_PASSWORDS: Final = ("", "", "", "", ":pw", ":1234", ":")
_HOSTS: Final = (
    "example.com",
    "a.com",
    "A.Com",
    "a.com.",
    "10.0.0.1",
    "[2001:db8::1]",
    "[::1]",
    "localhost",
    "a-b.example.com",
    "a_b.com",
    "h\xe9.com",
    "x",
)
_PORTS: Final = ("", "", "", ":5060", ":5061", ":5080", ":05060", ":", ":0", ":65535", ":65536", ":abc")
_TAILS: Final = (
    "",
    "",
    "",
    ";transport=tcp",
    ";transport=TLS",
    ";user=phone",
    ";USER=phone",
    ";user=PHONE",
    ";user=phone;user=x",
    ";lr",
    ";maddr=10.1.1.1;ttl=3",
    "?Subject=x",
    ";x=y?a=b&c=d",
    ";x=y@z",
)
_SCHEMES: Final = ("sip:", "sip:", "sip:", "sip:", "sips:", "SIP:", "Sips:")
_OTHERS: Final = (
    "tel:+1234",
    "tel:911;phone-context=a.com",
    "TEL:+1",
    "urn:service:sos",
    "http://a.com",
    "*",
    "sip:a@b@c",
    "sip::pw@h",
    "sip:@h",
    "sip:;x@h;user=phone",
)
_NAMES: Final = ("", "", "Bob ", '"Bob" ', '"quo\\"te" ', '"a <sip:no@no>" ', "Bob B. Smith ", '"" ')
_TAGS: Final = (
    "",
    ";tag=1",
    ";tag=JKf~5+QE",
    "; tag = 5",
    ";tag=",
    ";x=y;tag=a",
    ';x="a;b";tag=1',
    ";lr;tag=1",
    ";tag=a,b",
)
_CALL_IDS: Final = (
    "abc@host",
    "a",
    "ab",
    "abc",
    "abcd",
    "abcde",
    "1-23@10.0.0.1",
    '<>:\\"/[]?{}',
    "a b",
    "A" * 80,
    "\xe9\xe8@x",
)
_REALMS: Final = ('realm="r"', 'realm="a, b"', "nonce=abc", 'uri="sip:x"', "qop=auth", 'x=""', "x")
_NAMED: Final = ("alice", "bob@a.com", "sip:bob@a.com", "a@", "b@d", "", " ", "\xe9\xe8", "x:y", "a b", "1", "@x", ":x")


def draw_uri(random: Random, odd: float) -> str:
    """A URI, mostly sip."""
    if random.random() < odd / 2:
        return random.choice(_OTHERS)
    user = random.choice(_USERS) if random.random() < odd else random.choice(_USERS[:8])
    if user:
        user += (random.choice(_PASSWORDS) if random.random() < odd else "") + "@"
    if random.random() < 0.15:
        user = ""
    host = random.choice(_HOSTS) if random.random() < odd else random.choice(_HOSTS[:6])
    port = random.choice(_PORTS) if random.random() < odd else random.choice(_PORTS[:6])
    tail = random.choice(_TAILS) if random.random() < odd else random.choice(_TAILS[:6])
    uri = random.choice(_SCHEMES) + user + host + port + tail
    return mutated(random, uri, random.randint(1, 2)) if random.random() < odd / 3 else uri


def draw_address(random: Random, odd: float) -> str:
    """The value of a From or To."""
    uri = draw_uri(random, odd)
    if random.random() < 0.2:
        value = uri + random.choice(_TAGS)
    else:
        value = f"{random.choice(_NAMES)}<{uri}>{random.choice(_TAGS[:4] if random.random() > odd else _TAGS)}"
    if random.random() < odd / 3:
        value = mutated(random, value, random.randint(1, 2))
    return value


def draw_credentials(random: Random, odd: float) -> str:
    """The value of an Authorization."""
    parameters = [
        f'username="{random.choice(_NAMED)}"',
        random.choice(_REALMS[:1] if random.random() > odd else _REALMS),
    ]
    if random.random() < odd:
        parameters.append(random.choice((f"username={random.choice(_NAMED)}", *_REALMS)))
        random.shuffle(parameters)
    scheme = (
        random.choice(("Digest ", "Digest ", "digest  ", "DIGEST ", "Basic ", "Digest,"))
        if random.random() < odd
        else "Digest "
    )
    value = scheme + random.choice((", ", ",", " , ")).join(parameters)
    return mutated(random, value) if random.random() < odd / 3 else value


def draw_request(random: Random, *, odd: float, call_id: str | None = None, method: str | None = None) -> str:
    """A whole request, as bytes below 256.

    Args:
        odd: how likely each part is odd.
        call_id: of the call that it belongs to; any by default.
        method: any by default.
    """
    # In their table of calls a blank behind the Call-ID makes it another one.
    behind = random.choice(("", "", "", "  ")) if call_id is None else ""
    method = method or random.choice(_METHODS)
    via = f"Via: SIP/2.0/UDP 127.0.0.1:{random.randint(1024, 65535)};branch=z9hG4bK{random.getrandbits(32):08x}"
    if call_id is None:
        call_id = (
            random.choice(_CALL_IDS)
            if random.random() < odd
            else f"{random.getrandbits(random.choice((8, 32, 64))):x}@t"
        )
    headers = [
        random.choice(("From: ", "f: ", "FROM:")) + draw_address(random, odd),
        random.choice(("To: ", "t: ")) + draw_address(random, odd / 4),
        random.choice(("Call-ID: ", "i: ", "CALL-ID:")) + call_id + behind,
        f"CSeq: {random.randrange(100_000)} {method}",
        "Max-Forwards: 70",
    ]
    for name in ("Proxy-Authorization", "Authorization"):
        if random.random() < 0.3:
            headers.append(f"{name}: {draw_credentials(random, odd)}")
    if random.random() < 0.3:
        headers.append(random.choice(("User-Agent: t", "Contact: <sip:a@10.0.0.9>", "X-Test: a", "Subject: s")))
    random.shuffle(headers)
    return "\r\n".join([f"{method} {draw_uri(random, odd)} SIP/2.0", via, *headers, "Content-Length: 0", "", ""])


def is_taken(text: str) -> bool:
    """Whether it is a message for us, with a Call-ID: what is refused before anything is picked is no case for here."""
    try:
        return bool(Message(text.encode("latin-1")).call_id)
    except ParseError:
        return False
