"""The script that decides, where one is configured: loaded, put before the proxy, and swapped while calls go on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, Protocol

from twisted.logger import Logger

from dispatch.errors import ConfigError, ConfigErrors
from dispatch.proxy.proxy import Proxy
from dispatch.script import loading
from dispatch.script.route import Router, Script
from dispatch.service.config import Config

log: Final = Logger()


class Deciding(Protocol):
    """A script that was loaded."""

    @property
    def files(self) -> Collection[str]:
        """Names of the files that its code comes from."""

    def take_over(self, proxy: Proxy) -> None:
        """Decide on whatever comes from now on; what came before stays with the script that it began with."""


class Native:
    """A script over the native API, or the built-in route.

    Args:
        router: hands it the requests.
        script: the route.
        files: that it comes from.
    """

    def __init__(self, router: Router, script: Script, files: Collection[str] = ()) -> None:
        self._router = router
        self._script = script
        self.files = files

    def take_over(self, proxy: Proxy) -> None:
        """See `Deciding`."""
        self._router.script = self._script
        self._router.take_over(proxy)


Loader = Callable[[Path, bytes, Config, Router], Deciding]
"""Makes a script ready. Raises `ConfigError` or `ConfigErrors` where it can't be run."""


def _native(path: Path, source: bytes, config: Config, router: Router) -> Deciding:
    return Native(router, loading.load(source, str(path)), (str(path),))


LOADERS: Final[Mapping[str, Loader]] = {loading.NATIVE: _native}


def load(config: Config, router: Router) -> Deciding:
    """The script that ``[route] script`` names.

    Raises:
        ConfigErrors: it can't be read or run.
    """
    path = config.route.script
    assert path is not None
    try:
        source = path.read_bytes()
        written = config.route.script_language or loading.language(source)
        if written not in LOADERS:
            raise ConfigError(path, 0, f"a script in {written!r} can't be run here; there is {', '.join(LOADERS)}")
        return LOADERS[written](path, source, config, router)
    except OSError as error:
        raise ConfigErrors([config.problem(f"{path} can't be read: {error.strerror}", "route", "script")]) from None
    except ConfigError as error:
        raise ConfigErrors([error]) from None


class Scripts:
    """The route in force.

    Args:
        config: what was read.
        router: what hands requests to the built-in route and to native scripts.

    Raises:
        ConfigErrors: the script can't be read or run.
    """

    def __init__(self, config: Config, router: Router) -> None:
        self._config = config
        self._router = router
        self._proxy: Proxy | None = None
        self._deciding: Deciding = Native(router, router.script)
        if config.route.script is not None:
            self._deciding = load(config, router)

    @property
    def files(self) -> Collection[str]:
        """Of the script in force."""
        return self._deciding.files

    def install(self, proxy: Proxy) -> None:
        """Let it decide."""
        self._proxy = proxy
        self._deciding.take_over(proxy)

    def reload(self) -> str:
        """Read the script again, and let it decide on new requests; gives its name, empty where there is none.

        Raises:
            ConfigErrors: it can't be run; the one before stays.
        """
        path = self._config.route.script
        if path is None:
            return ""
        deciding = load(self._config, self._router)
        self._deciding = deciding
        if self._proxy is not None:
            deciding.take_over(self._proxy)
        log.info("the route is {path} as it is now", path=path)
        return str(path)
