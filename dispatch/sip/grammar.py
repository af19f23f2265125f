"""Patterns for the usual layout of a message, each beside the ABNF it is taken from (RFC 3261 §25).

A pattern here matches what nearly all traffic looks like and nothing ambiguous; whatever does not match is read by
`dispatch.sip.reader`, which knows the whole grammar and shares nothing with this module.
"""

from __future__ import annotations

import re
from typing import Final

_ANY_SPELLING: Final = (
    rb"v(?:ia)?|f(?:rom)?|t(?:o)?|i|call-id|cseq|max-forwards|l|content-length|route|record-route|require|proxy-require"
)
# message-header = field-name HCOLON field-value CRLF;  HCOLON = *( SP / HTAB ) ":" SWS
# Finds, as written, the name of every line that matters to a proxy, and the first blank of a continuation line.
# The first alternatives are only quicker, and the look-ahead spares most lines the slow one.
NAMES: Final = re.compile(
    rb"\r\n(Via(?=:)|From(?=:)|To(?=:)|Call-ID(?=:)|CSeq(?=:)|Max-Forwards(?=:)|Content-Length(?=:)|[ \t]"
    rb"|(?=[vftilcmrpVFTILCMRP])(?i:" + _ANY_SPELLING + rb")[ \t]*(?=:))"
)

# token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~")
_TOKEN: Final = rb"[A-Za-z0-9\-.!%*_+`'~]+"
TOKEN: Final = re.compile(_TOKEN)

# via-parm     = sent-protocol LWS sent-by *( SEMI via-params );  sent-protocol = "SIP" SLASH "2.0" SLASH transport
# via-params   = via-ttl / via-maddr / via-received / via-branch / via-extension / ( "rport" [EQUAL 1*DIGIT] )
# Via          = ( "Via" / "v" ) HCOLON via-parm *( COMMA via-parm ): the first of one line or of a list
_PORT: Final = rb"\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]"
_SENT_BY: Final = rb"SIP/2\.0/([A-Z]+) ([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::(" + _PORT + rb"))?"
VIA: Final = re.compile(_SENT_BY + rb"((?:;[a-z]+(?:=[^;,=\"\s]+)?)*)(\r\n(?![ \t])|,[ \t]*)")
# SIP-message as most of them begin: start line, and a first header line with the topmost Via, which has a branch and
# perhaps an rport without value on either side of it. No line may continue the Via.
BEGINNING: Final = re.compile(
    rb"(?:([A-Z]+) ([^\s<>\"]+) SIP/2\.0|SIP/2\.0 ([1-6]\d\d) [^\r\n]*)"
    rb"\r\nVia: ?" + _SENT_BY + rb"(;rport)?;branch=([^;,=\"\s]+)(;rport)?(\r\n(?![ \t])|,[ \t]*)"
)

# CSeq = "CSeq" HCOLON 1*DIGIT LWS Method
CSEQ: Final = re.compile(rb" ?(\d{1,10}) (" + _TOKEN + rb")\r\n")

# Max-Forwards = "Max-Forwards" HCOLON 1*DIGIT;  Content-Length = ( "Content-Length" / "l" ) HCOLON 1*DIGIT
NUMBER: Final = re.compile(rb"[ \t]*(\d{1,9})\r\n(?![ \t])")

# ( name-addr / addr-spec ) *( SEMI tag-param / generic-param );  name-addr = [ display-name ] LAQUOT addr-spec RAQUOT
_NAME_ADDR: Final = rb" ?(?:\"[^\"\\\r\n]*\" ?|[A-Za-z0-9\-.!%*_+`'~ ]*+)<[^<>\"\s]+>(?:;tag=(" + _TOKEN + rb"))?\r\n"
TO: Final = re.compile(rb"\r\nTo:" + _NAME_ADDR)
FROM: Final = re.compile(rb"\r\nFrom:" + _NAME_ADDR)

# route-param = name-addr *( SEMI rr-param ): one to a line, without display name
ROUTE: Final = re.compile(rb" ?<([^<>\",\s]+)>((?:;[A-Za-z0-9\-.!%*_+`'~]+(?:=[A-Za-z0-9\-.!%*_+`'~:\[\]]+)?)*)\r\n")

# addr-spec: a SIP URI that has nothing to look at twice: user, host, port, plain parameters (RFC 3261 §25.1)
URI: Final = re.compile(
    rb"sip:(?:[A-Za-z0-9\-_.!~*'()&=+$,%#]+@)?[A-Za-z0-9][A-Za-z0-9.-]*(?::(?:[1-5]\d{0,4}|[6-9]\d{0,3}))?"
    rb"(?:;[A-Za-z0-9.-]+(?:=[A-Za-z0-9.-]+)?)*"
)

# What a response copies from its request (§8.2.6.2), line by line.
COPIED: Final = re.compile(rb"\r\n((?:Via|From|To|Call-ID|CSeq):[^\r\n]*)")
