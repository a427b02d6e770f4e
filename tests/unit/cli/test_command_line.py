"""Errors, exit statuses, help and completion."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubestandby import __version__
from kubestandby.cli.main import main
from tests.unit.cli.world import EAST, WEST, World

COMMANDS = ("up", "run", "export", "snapshots", "show", "verify", "plan", "restore", "failover", "status", "demo")


def test_the_version_is_the_packages() -> None:
    assert CliRunner().invoke(main, ["--version"]).stdout == f"kubestandby {__version__}\n"


def test_help_lists_commands_exit_statuses_and_examples() -> None:
    text = CliRunner().invoke(main, ["--help"]).stdout

    assert [word for word in COMMANDS if f"\n  {word} " not in text] == []
    assert "Exit status:" in text
    assert "kubestandby failover shop --to west" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])

    assert result.exit_code == 0
    assert f"kubestandby {command}" in result.stdout.partition("Examples:")[2]


def test_the_short_help_of_no_command_is_cut_off() -> None:
    assert "..." not in CliRunner().invoke(main, ["--help"]).stdout.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["bogus"], "no such command 'bogus'"),
        (["export"], "missing argument 'GROUP'"),
        (["show", "shop", "seven"], "EPOCH-GENERATION"),
        (["export", "shop", "--timeout", "soon"], "is not a duration"),
        (["failover", "shop"], "missing option '--to'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_64(world: World, words: list[str], complaint: str) -> None:
    result = world.run(*words)

    assert result.exit_code == 64
    assert result.stderr.startswith("error: ")
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_configuration_the_error_says_how_to_give_one() -> None:
    result = CliRunner().invoke(main, ["status"], env={"KUBESTANDBY_CONFIG": ""})

    assert result.exit_code == 64
    assert "--config FILE" in result.stderr


def test_a_wrong_configuration_is_one_line_that_names_the_place(world: World) -> None:
    world.config.write_text(world.config.read_text().replace('"primary": "east"', '"primary": "mars"'))

    result = world.run("status")

    assert result.exit_code == 64
    assert result.stderr.startswith(f"error: {world.config}:")
    assert result.stderr.count("\n") == 1


def test_the_configuration_may_be_named_before_and_after_the_command(world: World) -> None:
    before = CliRunner().invoke(main, ["--config", str(world.config), "status"])
    after = CliRunner().invoke(main, ["status", "--config", str(world.config)])

    assert (before.exit_code, after.exit_code) == (0, 0)


def test_an_unknown_group_is_answered_with_the_known_ones(world: World) -> None:
    result = world.run("snapshots", "shoop")

    assert result.exit_code == 64
    assert "'shoop'; it has shop" in result.stderr


def test_a_store_that_fails_is_one_line_without_traceback(world: World) -> None:
    world.lose(EAST)
    world.lose(WEST)

    result = world.run("export", "shop")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: group shop: no control bucket can be reached")
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["pack", "demo", "rbac"])
def test_a_default_in_the_help_is_what_can_be_typed(command: str) -> None:
    shown = " ".join(CliRunner().invoke(main, [command, "--help"]).stdout.split())
    defaults = re.findall(r"\[default: ([^\]]+)\]", shown)

    assert defaults
    assert defaults == [default.lower() for default in defaults]


def test_the_schema_is_json_and_nothing_else() -> None:
    assert json.loads(CliRunner().invoke(main, ["schema"]).stdout)["title"] == "ProtectionGroup"


@pytest.mark.parametrize(("shell", "sign"), [("bash", "complete -o"), ("zsh", "#compdef"), ("fish", "complete ")])
def test_each_shell_gets_its_completion_script(shell: str, sign: str) -> None:
    script = CliRunner().invoke(main, ["completion", shell]).stdout

    assert sign in script
    assert "_KUBESTANDBY_COMPLETE" in script


def _completed(config: Path, words: str) -> str:
    env = {"_KUBESTANDBY_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    return CliRunner().invoke(main, [], env={**env, "KUBESTANDBY_CONFIG": str(config)}, prog_name="kubestandby").stdout


def test_groups_and_sites_are_completed_from_the_configuration(world: World) -> None:
    assert "shop" in _completed(world.config, "kubestandby snapshots s")
    assert "west" in _completed(world.config, "kubestandby failover shop --to w")


def test_completion_without_a_readable_configuration_offers_nothing(tmp_path: Path) -> None:
    assert _completed(tmp_path / "nowhere.yaml", "kubestandby snapshots s").strip() == ""
