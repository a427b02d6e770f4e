"""What becomes of likely secrets in clear on their way through the functions."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubestandby.adapters.group_file import load_groups
from kubestandby.cli.as_json import index_json
from kubestandby.errors import ConfigError
from kubestandby.groups import LikelySecrets, ScanSettings
from kubestandby.layout import Action
from kubestandby.requests import Outcome, Verdict
from kubestandby.snapshots import Stage
from tests.unit.runtime.world import SHOP, World, config_map

PLACE = "ConfigMap shop/settings data.db_password"


def exported(**scan: Any) -> tuple[World, Outcome]:
    world = World()
    world.context.groups = (replace(world.group, scan=ScanSettings(**scan)),)
    world.clusters["east"].put(config_map("settings", db_password="correct-horse"))  # type: ignore[index]
    return world, world.do("east", Action.EXPORT)


def test_by_default_they_are_reported_by_name_and_go_on() -> None:
    world, outcome = exported()

    assert outcome.verdict is Verdict.DONE
    assert outcome.message.endswith(
        "; 1 value looks like a secret and is in clear, `kubestandby show shop` names the fields"
    )
    assert outcome.details["likely_secrets"] == [f"{PLACE} (is called like a secret)"]
    for site, stage in (("east", Stage.RAW), ("west", Stage.SANITIZED)):
        index = world.snapshots(site).newest(stage, SHOP)
        assert index is not None
        assert index_json(index)["likelySecrets"] == [
            {"object": "ConfigMap shop/settings", "field": "data.db_password", "reason": "is called like a secret"}
        ]
    assert "correct-horse" not in json.dumps(outcome.details) + outcome.message


def test_an_unchanged_state_still_tells_of_them() -> None:
    world, _ = exported()
    again = world.do("east", Action.EXPORT)
    assert again.verdict is Verdict.UNCHANGED
    assert again.details["likely_secrets"]


def test_a_group_that_refuses_them_gets_no_snapshot() -> None:
    world, outcome = exported(likely_secrets=LikelySecrets.REFUSE)

    assert outcome.verdict is Verdict.REFUSED
    assert PLACE in outcome.message
    assert world.snapshots("east").ids(Stage.RAW, SHOP) == ()


def test_what_the_group_allows_passes() -> None:
    _, outcome = exported(likely_secrets=LikelySecrets.REFUSE, allow=("ConfigMap shop/settings *",))
    assert outcome.verdict is Verdict.DONE
    assert "likely_secrets" not in outcome.details


def group_file(folder: Path, scan: object) -> Path:
    sites = {
        site: {"cluster": {"kubeconfig": site}, "data": f"file:///{site}/data", "control": f"file:///{site}/control"}
        for site in ("east", "west")
    }
    spec = {"namespaces": ["shop"], "sites": sites, "primary": "east", "standby": "west", "scan": scan}
    head = {"apiVersion": "kubestandby.dev/v1", "kind": "ProtectionGroup", "metadata": {"name": "shop"}}
    (folder / "shop.yaml").write_text(yaml.safe_dump({**head, "spec": spec}))
    return folder / "shop.yaml"


def test_the_configuration_says_what_to_do(tmp_path: Path) -> None:
    (group,) = load_groups(group_file(tmp_path, {"likelySecrets": "refuse", "allow": [PLACE]}))
    assert group.scan == ScanSettings(likely_secrets=LikelySecrets.REFUSE, allow=(PLACE,))


@pytest.mark.parametrize("scan", [{"likelySecrets": "off"}, {"allow": [1]}, {"deny": []}, []])
def test_what_the_configuration_cannot_mean_is_refused(tmp_path: Path, scan: object) -> None:
    with pytest.raises(ConfigError, match=r"spec\.scan"):
        load_groups(group_file(tmp_path, scan))
