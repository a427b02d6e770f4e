"""The world of the command line, under a name of its own beside that of the functions."""

from tests.unit.cli.conftest import world as command_world

__all__ = ["command_world"]
