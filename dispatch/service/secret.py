"""The secret that signs what has to be known again: read, or made at the first start."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from dispatch.errors import ConfigError

_SIZE: Final = 32  # bytes; blake2s takes no longer key


def read_or_make(path: Path) -> bytes:
    """The secret in `path`; a new one is written there, for this user's eyes only, when there is no such file.

    Raises:
        ConfigError: it can't be read or written, or is no secret of ours.
    """
    try:
        return _decode(path, path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return _make(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, 0, f"the secret can't be read: {_why(error)}") from None


def _make(path: Path) -> bytes:
    secret = secrets.token_bytes(_SIZE)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
    except OSError as error:
        remedy = f"the secret can't be written: {_why(error)}; name a file in a writable folder by secret_file"
        raise ConfigError(path, 0, remedy) from None
    return secret


def _decode(path: Path, text: str) -> bytes:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != _SIZE:
        remedy = f"no secret of {_SIZE} bytes in hex digits; copy it from the other node, or remove the file"
        raise ConfigError(path, 1, remedy)
    return secret


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else "it is no text"
