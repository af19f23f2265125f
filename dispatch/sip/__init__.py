"""SIP without I/O: bytes, grammar, transactions (RFC 3261)."""
