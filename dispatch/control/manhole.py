"""The manhole: a Python prompt in the running service, over SSH (Twisted Conch).

Whoever has a key that is named, or a password of the file, may do everything. What he types runs in the reactor: it can
see all, and holds all up as long as it runs; an exception is his alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.checkers import IAuthorizedKeysDB, SSHPublicKeyChecker
from twisted.conch.error import ConchError
from twisted.conch.insults.insults import ServerProtocol
from twisted.conch.interfaces import IConchUser
from twisted.conch.manhole import ColoredManhole
from twisted.conch.manhole_ssh import ConchFactory, TerminalRealm, TerminalSession
from twisted.conch.ssh.keys import BadKeyError, FingerprintFormats, Key
from twisted.cred.checkers import FilePasswordDB
from twisted.cred.portal import IRealm, Portal
from twisted.internet.interfaces import IProtocolFactory
from zope.interface import implementer

from dispatch.control.access import Credential
from dispatch.control.command import Caller, Control, Door, Right
from dispatch.control.desk import Desk
from dispatch.control.text import printable

_FINGERPRINT: Final = FingerprintFormats.SHA256_BASE64
_PRIVATE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Keys:
    """What the manhole is opened with.

    Attributes:
        host_key: file of our own key; it is made when it is not there.
        authorized_keys: file of the keys of people; None for none.
        passwords: file of ``name:password`` lines; None for none.
    """

    host_key: Path
    authorized_keys: Path | None = None
    passwords: Path | None = None


class _Prompt(ColoredManhole):
    """One that an exit ends, and nothing else."""

    def lineReceived(self, line: bytes) -> None:
        try:
            super().lineReceived(line)
        except SystemExit:
            self.terminal.loseConnection()


class _Session(TerminalSession):
    """One that lives through what a terminal does beside typing; Twisted's own raises."""

    width, height = 80, 24
    _shell: Any = None

    def openShell(self, proto: Any) -> None:
        prompt, user = self.chainedProtocolFactory(), IConchUser(self.original)
        self._shell = self.transportFactory(proto, prompt, user, self.width, self.height)

    def windowChanged(self, newWindowSize: tuple[int, int, int, int]) -> None:  # noqa: N803  # Twisted's name
        self.height, self.width = newWindowSize[:2]
        if self._shell is not None:
            self._shell.chainedProtocol.terminalProtocol.terminalSize(self.width, self.height)

    def eofReceived(self) -> None:
        if self._shell is not None:
            self._shell.proto.loseConnection()


def make_factory(keys: Keys, known: Iterable[Credential], control: Control) -> IProtocolFactory:
    """What listens for SSH.

    Args:
        keys: files.
        known: people with keys of their own.
        control: what commands work on.

    Raises:
        OSError: a file can't be read, or has no key.
    """
    portal = Portal(_Realm(control))
    people = _people(keys, known)
    if not people and keys.passwords is None:
        raise OSError(None, "nobody could come in: name authorized_keys or passwords, or a key under [control.access]")
    portal.registerChecker(_KeyChecker(_AnyName(people)))
    if keys.passwords is not None:
        keys.passwords.read_bytes()  # tell now that it can't be
        portal.registerChecker(FilePasswordDB(str(keys.passwords)))
    factory = ConchFactory(portal)
    own = _own_key(keys.host_key)
    factory.publicKeys = {own.sshType(): own.public()}
    factory.privateKeys = {own.sshType(): own}  # type: ignore[dict-item]  # Twisted declares bytes
    made: IProtocolFactory = factory
    return made


@implementer(IRealm)
class _Realm:
    """A prompt for whoever was let in, with his name on what he does."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def requestAvatar(self, avatar_id: Any, mind: object, *interfaces: Any) -> Any:
        name = printable(avatar_id.decode("utf-8", "replace"))
        desk = Desk(self._control, Caller(Door.CTL, name, Right.FULL, "manhole"))
        namespace = {"d": desk, "help": desk.help, "dispatcher": self._control.dispatcher}
        realm: Any = TerminalRealm()
        realm.sessionFactory = _Session
        realm.chainedProtocolFactory = lambda: ServerProtocol(_Prompt, namespace)
        return realm.requestAvatar(avatar_id, mind, *interfaces)


class _KeyChecker(SSHPublicKeyChecker):
    """Says with which key somebody came in: the name is whatever he likes."""

    def requestAvatarId(self, credentials: Any) -> Any:
        def told(username: bytes) -> bytes:
            key: Any = Key.fromString(credentials.blob)
            return b"%b with key SHA256:%b" % (username, key.fingerprint(_FINGERPRINT).encode())

        return super().requestAvatarId(credentials).addCallback(told)


@implementer(IAuthorizedKeysDB)
class _AnyName:
    """The same keys for whatever name is said: there are no accounts here."""

    def __init__(self, keys: list[Key]) -> None:
        self._keys = keys

    def getAuthorizedKeys(self, username: bytes) -> list[Key]:
        return self._keys


def _people(keys: Keys, known: Iterable[Credential]) -> list[Key]:
    lines = [one.key for one in known if one.key and one.right is Right.FULL]
    if keys.authorized_keys is not None:
        lines += keys.authorized_keys.read_text(encoding="utf-8", errors="replace").splitlines()
    return [_public(line) for line in lines if line.strip() and not line.startswith("#")]


def _public(line: str) -> Key:
    try:
        key: Key = Key.fromString(line.strip().encode())
    except (BadKeyError, ConchError, ValueError, KeyError):
        raise OSError(None, f"{line[:40]!r} is no public key of SSH; write e.g. 'ssh-ed25519 AAAA... name'") from None
    return key


def _own_key(path: Path) -> Key:
    if not path.exists():
        made = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        path.touch(_PRIVATE, exist_ok=False)
        path.write_bytes(made)
    try:
        key: Key = Key.fromFile(str(path))
    except (BadKeyError, ConchError, ValueError):
        raise OSError(None, f"{path} has no private key of SSH; remove it, and one is made") from None
    return key
