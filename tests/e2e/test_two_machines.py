"""One machine per site, as two data centres have them: each serves its own site alone, and reaches no other cluster."""

import dataclasses
import shutil

import pytest
import yaml

from kubestandby.layout import Action
from kubestandby.requests import Verdict
from tests.e2e.conftest import Shop
from tests.e2e.pipeline import Pipeline, wait_for

pytestmark = pytest.mark.clusters


def _machine(pipeline: Pipeline, site: str) -> Pipeline:
    """The site's own copy of the configuration, with the kubeconfig of its own cluster only."""
    folder = pipeline.folder / f"machine-{site}"
    folder.mkdir()
    document = yaml.safe_load(pipeline.config.read_text())
    for name, place in document["spec"]["sites"].items():
        if name != site:
            place["cluster"] = {"kubeconfig": str(folder / "not-here.kubeconfig")}
    keys = folder / "keys"
    shutil.copytree(pipeline.folder / "keys" / "sites" / site, keys / "sites" / site)
    for name in ("trust.json", "root.pub"):
        shutil.copy(pipeline.folder / "keys" / name, keys / name)
    config = folder / "groups.yaml"
    config.write_text(yaml.safe_dump(document))
    return dataclasses.replace(pipeline, config=config)


def test_each_serves_its_own_site(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = shop.pipeline
    monkeypatch.setenv("KUBESTANDBY_SITE", "east")
    with _machine(pipeline, "east").functions():
        monkeypatch.setenv("KUBESTANDBY_SITE", "west")
        with _machine(pipeline, "west").functions():
            exported = pipeline.do("east", Action.EXPORT)
            wait_for(lambda: pipeline.marks("west"), 90)
            planned = pipeline.do("west", Action.PLAN)

    assert (exported.verdict, planned.verdict) == (Verdict.DONE, Verdict.UNCHANGED)
    assert shop.price("west") == "1"
