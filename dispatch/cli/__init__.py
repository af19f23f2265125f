"""The `dispatch` command; the table of its subcommands stands in `main`."""

from dispatch.cli.main import main

__all__ = ["main"]
