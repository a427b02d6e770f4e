"""The commands `keys init`, `keys check` and `keys rotate`, as somebody types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kubestandby.adapters.key_folder import KeyFolder
from kubestandby.cli import exits
from kubestandby.cli.main import main
from kubestandby.keys.trust import ANY_SITE, KeyRole


class Operator:
    """Somebody with a configuration of two sites."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "shop.yaml"
        self.keys = KeyFolder(folder / "keys")
        sites = {
            site: {
                "cluster": {"kubeconfig": f"{folder}/{site}.kubeconfig"},
                "data": f"file://{folder}/{site}/data",
                "control": f"file://{folder}/{site}/control",
            }
            for site in ("east", "west")
        }
        spec = {"namespaces": ["shop"], "sites": sites, "primary": "east", "standby": "west"}
        document = {"apiVersion": "kubestandby.dev/v1", "kind": "ProtectionGroup", "metadata": {"name": "shop"}}
        self.config.write_text(json.dumps({**document, "spec": spec}))

    def types(self, *words: str) -> Result:
        env = {"KUBESTANDBY_CONFIG": str(self.config), "NO_COLOR": "1"}
        return CliRunner().invoke(main, ["keys", *words], env=env, catch_exceptions=False)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def test_init_makes_keys_that_check_finds_good(operator: Operator) -> None:
    made = operator.types("init")
    assert made.exit_code == 0
    assert "keys for east, west" in made.stdout
    assert "belongs in a safe" in made.stdout
    checked = operator.types("check")
    assert checked.exit_code == 0
    assert checked.stderr == ""
    assert checked.stdout.count("a canary opens") == 3


def test_init_a_second_time_is_refused_and_changes_nothing(operator: Operator) -> None:
    operator.types("init")
    before = operator.keys.trust()
    again = operator.types("init")
    assert again.exit_code == exits.USAGE
    assert again.stderr.startswith(f"error: {operator.keys.path} is there already")
    assert operator.keys.trust() == before


def test_nothing_private_is_ever_printed(operator: Operator) -> None:
    private = [
        line
        for result in (operator.types("init"), operator.types("check"), operator.types("rotate", "unseal"))
        for line in (result.stdout + result.stderr).splitlines()
        if "PRIVATE" in line or "AGE-SECRET" in line
    ]
    assert private == []
    fingerprint = operator.keys.fingerprint_path(operator.keys.trust().recipients[0].site).read_text().strip()
    assert fingerprint not in operator.types("check").output


@pytest.mark.parametrize("words", [["check"], ["rotate", "export"]])
def test_without_keys_the_command_that_makes_them_is_named(operator: Operator, words: list[str]) -> None:
    result = operator.types(*words)
    assert result.exit_code == exits.USAGE
    assert "`kubestandby keys init` makes all keys" in result.stderr


def test_check_says_what_is_wrong_and_fails(operator: Operator) -> None:
    operator.types("init")
    operator.keys.signer_path(KeyRole.OPERATOR, ANY_SITE).chmod(0o644)
    result = operator.types("check")
    assert result.exit_code == 1
    assert "error: " in result.stderr
    assert "chmod 600" in result.stderr


def test_check_speaks_json(operator: Operator) -> None:
    operator.types("init")
    told = json.loads(operator.types("check", "--output", "json").stdout)
    assert told["folder"] == str(operator.keys.path)
    assert {finding["problem"] for finding in told["findings"]} == {""}


def test_check_calls_no_key_good_that_is_not_here(operator: Operator) -> None:
    operator.types("init")
    shutil.rmtree(operator.keys.path / "sites" / "west")

    checked = operator.types("check")

    of_west = [line.split() for line in checked.stdout.splitlines() if " west " in line]
    assert checked.exit_code == 0
    assert len(of_west) == 5
    assert all(words[-2:] == ["not", "here"] for words in of_west)


def test_rotate_says_what_has_to_be_done_for_the_new_keys_to_be_used(operator: Operator) -> None:
    operator.types("init")

    gently = operator.types("rotate", "export", "--site", "east").stderr
    revoked = operator.types("rotate", "export", "--site", "east", "--revoke").stderr

    assert "next: bring trust.json to every site" in gently
    assert "count no more" not in gently
    assert "count no more, and `status` calls them damaged: `kubestandby run shop`" in " ".join(revoked.split())


def test_check_warns_of_keys_that_expire_soon(operator: Operator) -> None:
    operator.types("init", "--valid", "10")
    result = operator.types("check")
    assert result.exit_code == 0
    assert "warning: the trust file expires on" in result.stderr


def test_rotate_makes_the_next_version(operator: Operator) -> None:
    operator.types("init")
    result = operator.types("rotate", "export", "--site", "east", "--overlap", "1h")
    assert result.exit_code == 0
    assert "version 2" in result.stdout
    trust = operator.keys.trust()
    assert len(trust.keys_of(KeyRole.EXPORT)) == 3
    assert operator.types("check").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rotate", "nonsense"], "'nonsense' is not one of"),
        (["rotate", "export", "--site", "north"], "has no site 'north'; it has east, west"),
        (["rotate", "export", "--overlap", "soon"], "is not a duration"),
        (["init", "--valid", "0"], "not in the range"),
    ],
)
def test_wrong_word_is_one_line(operator: Operator, words: list[str], said: str) -> None:
    operator.types("init")
    result = operator.types(*words)
    assert result.exit_code == exits.USAGE
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
