"""What a proxy does with a message (RFC 3261 §16); still no I/O."""
