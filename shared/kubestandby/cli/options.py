"""Options and arguments that commands share, and how their values are read."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from kubestandby.adapters.group_file import CONFIG_VARIABLE, config_path
from kubestandby.cli.session import Session
from kubestandby.cli.wording import seconds_of
from kubestandby.errors import FormatError, StandbyError
from kubestandby.groups import ProtectionGroup
from kubestandby.snapshots import SnapshotId

Command = TypeVar("Command", bound=Callable[..., Any])


class Output(StrEnum):
    """Forms of a result on stdout."""

    TABLE = "table"
    JSON = "json"


class DurationType(click.ParamType[Any]):
    """`90`, `90s`, `5m`, `1h`: a time in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Reads the value; click calls it for defaults too."""
        seconds = float(value) if isinstance(value, int | float) else seconds_of(str(value))
        if seconds is None:
            self.fail(f"{value!r} is not a duration: give seconds, or 90s, 5m, 1h", param, ctx)
        return seconds


class SnapshotType(click.ParamType[Any]):
    """`1-7`: epoch and generation."""

    name = "snapshot"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> SnapshotId:
        """Reads the value."""
        if isinstance(value, SnapshotId):
            return value
        try:
            return SnapshotId.parse(str(value))
        except FormatError as error:
            self.fail(str(error), param, ctx)


SNAPSHOT = SnapshotType()
DURATION = DurationType()


def examples(*lines: str) -> str:
    """The epilog of a command's help; click leaves a paragraph that begins with a backspace as it is."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def config_option(command: Command) -> Command:
    """`--config`, also before the command and from the environment."""
    return click.option(
        "-c",
        "--config",
        "config",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help=f"The configuration; without it ${CONFIG_VARIABLE}.",
        shell_complete=_complete_files,
    )(command)


def output_option(command: Command) -> Command:
    """`--output`: a table for people or JSON for programs."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(list(Output), case_sensitive=False),
        default=Output.TABLE,
        help="A table for people, or JSON alone on stdout for programs.",
    )(command)


def timeout_option(default: str) -> Callable[[Command], Command]:
    """`--timeout`: how long to wait for the outcome of a request."""
    return click.option(
        "--timeout",
        type=DURATION,
        default=default,
        show_default=True,
        metavar="TIME",
        help="How long to wait for the outcome: 90s, 5m, 1h. The work goes on afterwards.",
    )


def configured(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives the command a `session` in place of `--config`."""

    @config_option
    @click.pass_context
    @wraps(command)
    def with_session(ctx: click.Context, /, *args: Any, config: Path | None, **values: Any) -> Any:
        session = Session.open(chosen_config(ctx, config))
        return ctx.invoke(command, *args, session=session, **values)

    return with_session


def with_group(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives the command a `session` and, for its argument GROUP, a `group`."""

    @click.argument("group_name", metavar="GROUP", shell_complete=complete_groups)
    @wraps(command)
    def with_named_group(*args: Any, session: Session, group_name: str, **values: Any) -> Any:
        return command(*args, session=session, group=session.group(group_name), **values)

    return configured(with_named_group)


def chosen_config(ctx: click.Context, config: Path | None) -> Path:
    """The configuration given at the command, before it, or by the environment; made absolute.

    Raises:
        ConfigError: none was given.
    """
    return config_path(config or ctx.find_root().params.get("config")).absolute()


def complete_groups(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of the configuration's groups; nothing where it cannot be read."""
    return [CompletionItem(group.name) for group in _known_groups(ctx) if group.name.startswith(incomplete)]


def complete_sites(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of the sites of all groups of the configuration."""
    names = {site.name for group in _known_groups(ctx) for site in group.sites}
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


def _known_groups(ctx: click.Context) -> tuple[ProtectionGroup, ...]:
    try:
        return Session.open(chosen_config(ctx, ctx.params.get("config"))).groups
    except StandbyError:
        return ()


def _complete_files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]
