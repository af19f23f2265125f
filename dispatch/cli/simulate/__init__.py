"""`dispatch simulate`: where calls would go, and which of them go elsewhere when a destination fails."""

from dispatch.cli.simulate.command import SIMULATE

__all__ = ["SIMULATE"]
