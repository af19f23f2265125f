"""The configuration, whole: what `config_file.load` makes of a file. The defaults stand here and in its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dispatch.errors import ConfigError
from dispatch.service import toml_lines
from dispatch.service.control_config import ControlConfig
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.events_config import EventsConfig
from dispatch.service.health_config import HealthConfig
from dispatch.service.reading import Place, Reader, boolean, file_name, one_of, optional, seconds
from dispatch.service.route_config import RouteConfig
from dispatch.service.script_config import ScriptConfig
from dispatch.service.sip_config import Sip


@dataclass(frozen=True, slots=True)
class Lists:
    """``[lists]``: what a reload does, and what is done when the list can't be had.

    Attributes:
        reload_keeps_state: states and counters of destinations that stay are carried over.
        cache: file for the last good copy, for a start without the list; None for none.
        retry: seconds after which a database that was away is asked again, doubled each time; 0 for never.
        timeout: seconds that a database may keep us waiting.
        resolve: ``one``: a destination given by name is one; ``all``: each machine that answers for the name is.
    """

    reload_keeps_state: bool = True
    cache: Path | None = None
    retry: float = 5.0
    timeout: float = 10.0
    resolve: str = "one"


@dataclass(frozen=True, slots=True)
class StateConfig:
    """``[state]``: what outlives the service.

    Attributes:
        file: where it is kept; None for nothing is.
        interval: seconds after which it is written at the latest; 0 for only when a state changes, and at the end.
    """

    file: Path | None = None
    interval: float = 60.0


@dataclass(frozen=True, slots=True)
class Config:
    """All of a configuration file.

    Attributes:
        path: the file.
        script: that of a `kamailio.cfg`, which then decides in place of `route`; None for a file of our own.
        warnings: what works, but hardly as it is meant; `dispatch check` shows them.
        lines: where in the file what stands; see `toml_lines.lines`.
    """

    path: Path
    sip: Sip = field(default_factory=Sip)
    dispatcher: DispatcherConfig = field(default_factory=DispatcherConfig)
    lists: Lists = field(default_factory=Lists)
    route: RouteConfig = field(default_factory=RouteConfig)
    health: HealthConfig = field(default_factory=HealthConfig)
    control: ControlConfig = field(default_factory=ControlConfig)
    events: EventsConfig = field(default_factory=EventsConfig)
    state: StateConfig = field(default_factory=StateConfig)
    script: ScriptConfig | None = None
    warnings: tuple[ConfigError, ...] = ()
    lines: Mapping[toml_lines.Path, int] = field(default_factory=dict, compare=False, repr=False)

    def problem(self, remedy: str, *way: str | int) -> ConfigError:
        """What is found out when a value is put to use.

        Args:
            remedy: what is wrong, and what to do.
            way: to the value, from the top.
        """
        return ConfigError(self.path, Place(self.path, self.lines, way).line, remedy)


LISTS_READERS: Final[Mapping[str, Reader]] = {
    "reload_keeps_state": boolean,
    "cache": optional(file_name),
    "retry": seconds(0),
    "timeout": seconds(1),
    "resolve": one_of("one", "all"),
}
STATE_READERS: Final[Mapping[str, Reader]] = {"file": optional(file_name), "interval": seconds(0)}
