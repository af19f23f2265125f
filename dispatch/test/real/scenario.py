"""SIPp scenarios put together from steps: a step is a piece of SIPp's XML, and each message is written once.

A scenario is ``document("call", request("INVITE"), response(200, routes=True), ack(), ...)``. What SIPp fills in stands
in brackets, as its own documentation has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

TARGET: Final = "sip:[service]@[remote_ip]:[remote_port]"
CALLER_TAG: Final = "[pid]c[call_number]"
CALLEE_TAG: Final = "[pid]u[call_number]"
SDP: Final = "\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP[local_ip_type] [local_ip]",
        "s=-",
        "c=IN IP[local_ip_type] [local_ip]",
        "t=0 0",
        "m=audio 9000 RTP/AVP 0",
        "",
    ]
)

# What a callee keeps of the INVITE: its Vias and Record-Routes for an answer after a CANCEL, its parties for a BYE
# of its own.
_KEPT: Final = """<action>
<ereg regexp="^INVITE [^ ]+ SIP/2.0..(.*)From: " search_in="msg" assign_to="matched,before"/>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="called"/>
</action>"""
_KEEPS: Final = '<Reference variables="matched,before,caller,called"/>'


def document(name: str, *steps: str) -> str:
    """The scenario file."""
    kept = [_KEEPS] if any(_KEPT in step for step in steps) else []
    lines = ['<?xml version="1.0" encoding="ISO-8859-1" ?>', f'<scenario name="{name}">', *steps, *kept, "</scenario>"]
    return "\n".join([*lines, ""])


def pause(milliseconds: int) -> str:
    """Time in which the peer may act; nothing is concluded from it."""
    return f'<pause milliseconds="{milliseconds}"/>'


def stay(milliseconds: int) -> str:
    """Stay after the end, to repeat the last message when the last of the peer comes again."""
    return f'<timewait milliseconds="{milliseconds}"/>'


# --- what a caller does


def request(
    method: str,
    *,
    headers: Sequence[str] = (),
    cseq: int = 1,
    uri: str = TARGET,
    to: str = f"To: <{TARGET}>",
    forwards: int = 70,
    via: str = "",
    branch: str = "",
    body: str = "",
    again: bool = True,
    transaction: str = "",
) -> str:
    """A request outside a dialog; `again`: SIPp repeats it until it is answered.

    With the name of a `transaction` SIPp takes only answers of the same branch for a ``response`` of that name, and
    repeats an ACK of that name when its 200 comes again.
    """
    own = f"z9hG4bK-[pid]-[call_number]-{branch or f'{cseq}{method}'}"
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={own}{via}",
        f'From: "caller" <sip:caller@[local_ip]:[local_port]>;tag={CALLER_TAG}',
        to,
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>",
        f"Max-Forwards: {forwards}",
        *headers,
    ]
    named = (f'ack_txn="{transaction}"' if method == "ACK" else f'start_txn="{transaction}"') if transaction else ""
    return _send(lines, body, again=again, attributes=named)


def invite(
    *, headers: Sequence[str] = (), cseq: int = 1, via: str = "", forwards: int = 70, transaction: str = ""
) -> str:
    """An initial INVITE with an offer."""
    return request("INVITE", headers=headers, cseq=cseq, via=via, forwards=forwards, body=SDP, transaction=transaction)


def inside(method: str, *, cseq: int, body: str = "", via: str = "", transaction: str = "") -> str:
    """A request of the caller in the dialog that the last ``response(routes=True)`` made or showed."""
    return request(
        method,
        headers=["[routes]"],
        cseq=cseq,
        uri="[next_url]",
        to=f"To: <{TARGET}>[peer_tag_param]",
        body=body,
        via=via,
        transaction=transaction,
    )


def ack(*, cseq: int = 1, via: str = "", branch: str = "", transaction: str = "") -> str:
    """The ACK for a 2xx: a transaction of its own, along the route set, to the tag that just answered."""
    return request(
        "ACK",
        headers=["[routes]"],
        cseq=cseq,
        uri="[next_url]",
        to="[last_To:]",
        again=False,
        via=via,
        branch=branch,
        transaction=transaction,
    )


def ack_failure(*, cseq: int = 1, via: str = "", transaction: str = "") -> str:
    """The ACK for any other final answer: part of the INVITE's own transaction (RFC 3261 §17.1.1.3)."""
    return request(
        "ACK", cseq=cseq, to="[last_To:]", branch=f"{cseq}INVITE", again=False, via=via, transaction=transaction
    )


def cancel() -> str:
    return request("CANCEL", branch="1INVITE")


def response(code: int, *, optional: bool = False, routes: bool = False, transaction: str = "") -> str:
    """Wait for an answer; `routes`: learn the route set from it."""
    named = f' response_txn="{transaction}"' if transaction else ""
    return f'<recv response="{code}"{_yes("optional", optional)}{_yes("rrs", routes)}{named}/>'


# --- what a callee does


def arrives(method: str, *, optional: bool = False, again: bool = False) -> str:
    """Wait for a request; an INVITE's parties, Vias and route set are kept, but for one inside the dialog (`again`)."""
    start = f'<recv request="{method}"{_yes("optional", optional)}'
    if method != "INVITE" or again:
        return f"{start}/>"
    return f'{start} rrs="true">{_KEPT}</recv>'


def reply(
    code: int,
    reason: str,
    *,
    tag: str | None = None,
    headers: Sequence[str] = (),
    body: str = "",
    again: bool = False,
    contact: str = "[local_ip]:[local_port]",
) -> str:
    """Answer the request that came last; `tag` is put behind its To, None leaves that alone."""
    lines = [
        f"SIP/2.0 {code} {reason}",
        "[last_Via:]",
        "[last_Record-Route:]",
        "[last_From:]",
        "[last_To:]" + (f";tag={tag}" if tag else ""),
        "[last_Call-ID:]",
        "[last_CSeq:]",
        f"Contact: <sip:gateway@{contact};transport=[transport]>",
        *headers,
    ]
    return _send(lines, body, again=again)


def ringing(tag: str = CALLEE_TAG, code: int = 180, reason: str = "Ringing") -> str:
    return reply(code, reason, tag=tag)


def accept(tag: str | None = CALLEE_TAG, *, contact: str = "[local_ip]:[local_port]") -> str:
    """200 to an INVITE, repeated until the ACK is there; no tag for one inside the dialog."""
    return reply(200, "OK", tag=tag, body=SDP, again=True, contact=contact)


def refuse(code: int, reason: str) -> str:
    """A final answer to an INVITE that is none to like, repeated until its ACK is there."""
    return reply(code, reason, tag=CALLEE_TAG, again=True)


def late(code: int, reason: str, tag: str = CALLEE_TAG) -> str:
    """A final answer to the INVITE when something else has come since, its CANCEL say."""
    lines = [
        f"SIP/2.0 {code} {reason}",
        "[$before]From:[$caller]",
        f"To:[$called];tag={tag}",
        "Call-ID: [call_id]",
        "CSeq: 1 INVITE",
        "Contact: <sip:gateway@[local_ip]:[local_port];transport=[transport]>",
    ]
    return _send(lines, "", again=True)


def back(method: str, *, cseq: int = 1, again: bool = True) -> str:
    """A request of the callee in the dialog that the INVITE made; `again`: SIPp repeats it until it is answered."""
    lines = [
        f"{method} [next_url] SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-b{cseq}{method}",
        "[routes]",
        f"From:[$called];tag={CALLEE_TAG}",
        "To:[$caller]",
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Max-Forwards: 70",
    ]
    return _send(lines, "", again=again)


def _send(lines: Sequence[str], body: str, *, again: bool, attributes: str = "") -> str:
    kind = ["Content-Type: application/sdp"] if body else []
    text = "\n".join([*lines, *kind, "Content-Length: [len]", "", body])
    start = "<send" + (' retrans="500"' if again else "") + (f" {attributes}" if attributes else "")
    return f"{start}><![CDATA[\n{text}\n]]></send>"


def _yes(name: str, value: bool) -> str:
    return f' {name}="true"' if value else ""
