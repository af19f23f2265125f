"""The table of commands: what every door offers, as far as a row names the door."""

from typing import Final

from dispatch.control.command import Command
from dispatch.control.commands.about import COMMANDS, VERSION
from dispatch.control.commands.diff import DIFF
from dispatch.control.commands.listing import LIST
from dispatch.control.commands.ping_active import PING_ACTIVE
from dispatch.control.commands.reload import RELOAD
from dispatch.control.commands.set_state import SET_STATE

TABLE: Final[tuple[Command, ...]] = (LIST, SET_STATE, RELOAD, DIFF, PING_ACTIVE, VERSION, COMMANDS)
