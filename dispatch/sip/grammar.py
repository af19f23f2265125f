"""Patterns for the usual layout of a message, each beside the ABNF it is taken from (RFC 3261 §25).

A pattern here matches what nearly all traffic looks like and nothing ambiguous; whatever does not match is read by
`dispatch.sip.reader`, which knows the whole grammar and shares nothing with this module.
"""

from __future__ import annotations

import re
from typing import Final

# token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~")
TOKEN_TEXT: Final = rb"[A-Za-z0-9\-.!%*_+`'~]+"
TOKEN: Final = re.compile(TOKEN_TEXT)

# via-parm     = sent-protocol LWS sent-by *( SEMI via-params );  sent-protocol = "SIP" SLASH "2.0" SLASH transport
# via-params   = via-ttl / via-maddr / via-received / via-branch / via-extension / ( "rport" [EQUAL 1*DIGIT] )
# Via          = ( "Via" / "v" ) HCOLON via-parm *( COMMA via-parm ): one of a line or of a list
HOST: Final = rb"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])"
PORT: Final = rb"(?:[1-9][0-9]{0,3}(?![0-9])|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
VIA: Final = re.compile(
    rb"SIP/2\.0/([A-Z]+) (" + HOST + rb")(?::(" + PORT + rb"))?((?:;[a-z]+(?:=[^;,=\"\s]+)?)*)(\r\n(?![ \t])|,[ \t]*)"
)

# ( name-addr / addr-spec ) *( SEMI tag-param / generic-param );  name-addr = [ display-name ] LAQUOT addr-spec RAQUOT
FROM: Final = re.compile(
    rb" ?(?:\"[^\"\\\r\n]*\" ?|[A-Za-z0-9\-.!%*_+`'~ ]*+)<[^<>\"\s]+>(?:;tag=(" + TOKEN_TEXT + rb"))?\r\n"
)

# route-param = name-addr *( SEMI rr-param ): one to a line, without display name
ROUTE: Final = re.compile(rb" ?<([^<>\",\s]+)>((?:;[A-Za-z0-9\-.!%*_+`'~]+(?:=[A-Za-z0-9\-.!%*_+`'~:\[\]]+)?)*)\r\n")

# addr-spec: a SIP URI that has nothing to look at twice: user, host, port, plain parameters (RFC 3261 §25.1)
URI: Final = re.compile(
    rb"sip:(?:[A-Za-z0-9\-_.!~*'()&=+$,%#]+@)?[A-Za-z0-9][A-Za-z0-9.-]*(?::(?:[1-5]\d{0,4}|[6-9]\d{0,3}))?"
    rb"(?:;[A-Za-z0-9.-]+(?:=[A-Za-z0-9.-]+)?)*"
)
