"""The head of a message as nearly all traffic has it, taken apart by one pattern.

Via, From, To, Call-ID and CSeq must be there. These and whatever else matters to a proxy may come in any order, each
spelled as in its RFC, not folded, lines of one name together; other lines may be anything. Every other head is read by
`reader.Reader`, which shares nothing with this module.

Each kind of line is an alternative that its first letters tell. Nothing is tried twice (``*+``), so that the time taken
grows with the length alone; ``(?(n)(?!))`` refuses a second line of a kind, ``(?(n)|(?!))`` a head without one. Of Via
the topmost value is taken apart when it has a branch and no parameter but ``rport``, of To the tag when it is the only
parameter; else the line is taken as it is, and the groups for what is in it stay empty.
"""

from __future__ import annotations

import re
from typing import Final

from dispatch.sip.grammar import HOST, PORT, TOKEN_TEXT

# The groups. METHOD and URI are those of a request, STATUS that of a response; FROM, TO, VIAS, CALL, CSEQ, ROUTES and
# RECORD_ROUTES are all behind the first colon, up to the last line end.
METHOD: Final = 1
URI: Final = 2
STATUS: Final = 3
VIAS: Final = 4
TRANSPORT: Final = 5
SENT_BY: Final = 6
RPORT_BEFORE: Final = 7  # ";", or ";rport;": what stands before the branch
BRANCH: Final = 8
LINE_END: Final = 9  # behind the only value of the line; begins with ";rport" where it has one
COMMA: Final = 10  # behind the first of several; likewise
FROM: Final = 11
TO: Final = 12
TO_TAG: Final = 13
TO_READ: Final = 14  # matched where To was understood
CALL: Final = 15
CALL_ID: Final = 16
CSEQ: Final = 17
CSEQ_NUMBER: Final = 18
CSEQ_METHOD: Final = 19
MAX_FORWARDS: Final = 20
CONTENT_LENGTH: Final = 21
ROUTES: Final = 22
RECORD_ROUTES: Final = 23
OPTIONS: Final = 24  # there is a Require or a Proxy-Require
TIMESTAMP: Final = 25  # there is a Timestamp

# Neither CR nor LF stands alone in a head that matches: the first CR has an LF behind it, the first LF a CR before it.
_REST: Final = rb"(?=[^\r]*+\r\n).*\r\n"
_BLANKS: Final = rb" \t\r\n\f\v"
_ANY_SPELLING: Final = (
    rb"v(?:ia)?|f(?:rom)?|t(?:o)?|i|call-id|cseq|max-forwards|l|content-length|route|record-route|require|proxy-require"
    rb"|timestamp"
)
_FIRST_VIA: Final = (
    rb"SIP/2\.0/([A-Z]+) (" + HOST + rb"(?::" + PORT + rb"|))(;rport;|;)branch=([^;,=\"" + _BLANKS + rb"]+)"
    rb"(?:(\r\n|;rport\r\n)|(,[ \t]*+|;rport,[ \t]*+)" + _REST + rb")"
)
# Alternatives, where (x|) stands for (x)?: it takes a third of the time. No group opens before the first
# letter of an alternative, and each that tells whether something was understood closes behind it: Python before 3.11.5
# does not take back what the last, failed round of a "*+" did.
_LINES: Final = (
    # via-parm = sent-protocol LWS sent-by *( SEMI via-params ), the first of one line or of a list
    rb"Via:(?(4)(?!))( ?(?:" + _FIRST_VIA + rb"|" + _REST + rb")(?:(?=V)(?:Via:" + _REST + rb")*|))",
    rb"From:(?(11)(?!))(" + _REST + rb")",
    # ( name-addr / addr-spec ) *( SEMI tag-param / generic-param )
    rb"To:(?(12)(?!))( ?(?:\"[^\"\\\r\n]*\" ?|[A-Za-z0-9\-.!%*_+`'~ ]*+)<[^<>\"" + _BLANKS + rb"]+>"
    rb"(?:;tag=(" + TOKEN_TEXT + rb")|)\r\n()|" + _REST + rb")",
    rb"Call-ID:(?(15)(?!))( ?([^" + _BLANKS + rb"]+)\r\n)",
    rb"CSeq:(?(17)(?!))( ?([0-9]{1,10}) (" + TOKEN_TEXT + rb")\r\n)",
    rb"Max-Forwards:(?(20)(?!)) *+([0-9]{1,2}|1[0-9][0-9]|2[0-4][0-9]|25[0-5])\r\n",
    rb"Content-Length:(?(21)(?!)) *+([0-9]{1,9})\r\n",
    rb"Cont(?:act|ent-[A-KM-Z])" + _REST,
    rb"[^" + _BLANKS + rb"vftilcmrpVFTILCMRP]" + _REST,
    rb"Route:(?(22)(?!))(" + _REST + rb"(?:Route:" + _REST + rb")*)",
    rb"Record-Route:(?(23)(?!))(" + _REST + rb"(?:Record-Route:" + _REST + rb")*)",
    rb"(?:Proxy-Require:|Require:)()" + _REST,
    rb"Timestamp:()" + _REST,
    rb"(?=[vftilcmrpVFTILCMRP])(?!(?i:" + _ANY_SPELLING + rb")[ \t]*:)" + _REST,
)
# SIP-message = start-line *message-header CRLF [ message-body ]. The look behind sees that the round of "*+" which
# failed did so at the empty line, and not within a line (see above).
HEAD: Final = re.compile(
    rb"(?:([A-Z]+) ([^<>\"" + _BLANKS + rb"]+) SIP/2\.0|SIP/2\.0 ([1-6][0-9][0-9]) (?=[^\r]*+\r\n).*)\r\n"
    rb"(?:" + rb"|".join(_LINES) + rb")*+\r\n(?<=\r\n\r\n)(?(4)|(?!))(?(11)|(?!))(?(12)|(?!))(?(15)|(?!))(?(17)|(?!))"
)
