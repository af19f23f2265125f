"""Certificates for tests, made when they are needed."""

from __future__ import annotations

import functools
from pathlib import Path

from dispatch.cli.tls_demo.authority import Authority


@functools.cache
def authority() -> Authority:
    """The one that tests trust."""
    return Authority("an authority for tests")


@functools.cache
def stranger() -> Authority:
    """One that nobody trusts."""
    return Authority("another authority")


def write(folder: Path, *domains: str) -> Path:
    """``ca.pem``, and a certificate for each domain under its name; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca.pem").write_bytes(authority().own.pem)
    for domain in domains:
        authority().issue(domain, uris=[f"sip:{domain}"], names=[domain]).write(folder, domain)
    return folder
