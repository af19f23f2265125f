"""``[control]``: where people and programs come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dispatch.service import control_address
from dispatch.service.control_address import ControlAddress
from dispatch.service.reading import Place, Reader, many, text


@dataclass(frozen=True, slots=True)
class ControlConfig:
    """``[control]``: where people and programs come in; nowhere unless named.

    Attributes:
        amp: endpoints of the AMP door.
    """

    amp: tuple[ControlAddress, ...] = ()

    def beside(self, folder: Path) -> ControlConfig:
        """With paths that are relative to a folder."""
        return ControlConfig(tuple(one.beside(folder) for one in self.amp))


def _endpoint(value: object, place: Place) -> object:
    return text(control_address.parse, "unix:/run/dispatch/amp.sock", value, place)


CONTROL_READERS: Final[Mapping[str, Reader]] = {"amp": many(_endpoint, of=str)}
