"""The command line: its commands, and what becomes of errors. Each command lives in a module of its family."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from kubestandby import __version__
from kubestandby.adapters.group_file import CONFIG_VARIABLE
from kubestandby.cli import exits
from kubestandby.cli.about_commands import PROGRAM, completion, schema
from kubestandby.cli.config_commands import config_file
from kubestandby.cli.demo.command import demo
from kubestandby.cli.doctor.command import doctor
from kubestandby.cli.failover_command import failover
from kubestandby.cli.import_command import import_files
from kubestandby.cli.keys_commands import keys
from kubestandby.cli.keys_vault_commands import adopt_key, publish
from kubestandby.cli.pack_command import pack_snapshot
from kubestandby.cli.rbac_command import rbac
from kubestandby.cli.restore_commands import plan, restore
from kubestandby.cli.run_command import run
from kubestandby.cli.snapshot_commands import export, show_snapshot, snapshots, verify
from kubestandby.cli.status_command import status
from kubestandby.cli.terminal import say
from kubestandby.cli.up_command import up
from kubestandby.cli.waiting import WaitedTooLongError
from kubestandby.errors import ConfigError, StandbyError
from kubestandby.runtime.logs import error_facts

_EPILOG = (
    "\b\nExit status:\n"
    + "\n".join(f"  {number:<3} {meaning}" for number, meaning in exits.EXPLAINED)
    + "\n\n\b\nExamples:\n"
    "  kubestandby up --config shop.yaml              # serve: timer, webhooks, requests\n"
    "  kubestandby run shop --config shop.yaml        # one pass, then stop\n"
    "  kubestandby snapshots shop                     # with KUBESTANDBY_CONFIG set\n"
    "  kubestandby plan shop                          # what would a restore change?\n"
    "  kubestandby failover shop --to west            # the primary is lost\n"
    "  kubestandby status --html status.html\n"
)


class CommandLine(click.Group):
    """The commands in the order of their use, and one line on stderr for every error."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of their use, not of the alphabet."""
        return list(self.commands)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Runs a command and exits with its status."""
        extra.pop("standalone_mode", None)
        try:
            status = super().main(args=args, prog_name=prog_name or PROGRAM, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            status = exits.USAGE
        except click.UsageError as error:
            status = _told(_usage(error), exits.USAGE)
        except click.ClickException as error:
            status = _told(error.format_message(), exits.FAILED)
        except (click.Abort, KeyboardInterrupt):
            status = _told("interrupted", exits.INTERRUPTED)
        except StandbyError as error:
            status = _told(str(error), _status_of(error))
        except Exception as error:  # noqa: BLE001 - the last line: a traceback's text may hold what was worked on
            status = _told(_bug(error), exits.FAILED)
        sys.exit(status if isinstance(status, int) else exits.OK)


def _bug(error: Exception) -> str:
    """Where something of ours went wrong; not what it was working on."""
    facts = error_facts(error)
    return f"a bug of kubestandby ({facts['error']} at {', '.join(facts['places'][-3:])}); please report this line"


def _usage(error: click.UsageError) -> str:
    """What is wrong with the command line, and where its help is."""
    message = error.format_message().rstrip(".")
    command = error.ctx.command_path if error.ctx else PROGRAM
    return f"{message[:1].lower()}{message[1:]}; see `{command} --help`"


def _status_of(error: StandbyError) -> int:
    if isinstance(error, ConfigError):
        return exits.USAGE
    return exits.TIMED_OUT if isinstance(error, WaitedTooLongError) else exits.FAILED


def _told(message: str, status: int) -> int:
    say(f"error: {message}", "red")
    return status


@click.group(cls=CommandLine, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=f"The configuration; without it ${CONFIG_VARIABLE}.",
)
def main(config: Path | None) -> None:
    """Disaster recovery of Kubernetes applications by artifact snapshots.

    Manifests of an application are taken from its primary cluster, cleaned, and restored on its standby cluster, by
    three functions that talk to each other through a bucket only.
    """


keys.add_command(publish)
keys.add_command(adopt_key, "adopt")

for _command in (
    up,
    run,
    export,
    import_files,
    snapshots,
    show_snapshot,
    verify,
    pack_snapshot,
    plan,
    restore,
    failover,
    status,
    doctor,
    keys,
    config_file,
    rbac,
    demo,
    schema,
    completion,
):
    main.add_command(_command)
