"""The whole path with its buckets on an S3 server: on-premises to on-premises, without a cloud."""

import json
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubestandby.cli.main import main
from kubestandby.layout import Action
from kubestandby.requests import Verdict
from kubestandby.snapshots import SiteName
from tests.e2e.conftest import Shop
from tests.e2e.pipeline import Pipeline, wait_for
from tests.fakes.seaweed import Seaweed, seaweed

pytestmark = pytest.mark.clusters


def _on_s3(pipeline: Pipeline, server: Seaweed, folder: Path) -> Pipeline:
    """The same group, each bucket a part of one on the server."""
    text, bucket = pipeline.config.read_text(), f"b-{uuid.uuid4().hex}"
    for site in ("east", "west"):
        for part in ("data", "control"):
            text = text.replace(f"file://{folder}/{site}/{part}", server.url(bucket, f"/{site}/{part}"))
    config = folder / "s3.yaml"
    config.write_text(text)
    return replace(pipeline, config=config)


def test_an_application_crosses_through_s3_and_fails_over(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with seaweed() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        pipeline = _on_s3(shop.pipeline, server, tmp_path)
        with pipeline.functions():
            exported = pipeline.do("east", Action.EXPORT)
            wait_for(lambda: pipeline.marks("west"), 90)
            failed_over = pipeline.do("west", Action.FAILOVER, to=SiteName("west"))
        looked = CliRunner().invoke(main, ["doctor", "--config", str(pipeline.config), "--site", "west", "-o", "json"])

    assert (exported.verdict, failed_over.verdict) == (Verdict.DONE, Verdict.UNCHANGED)
    assert (shop.price("west"), shop.ready_replicas("west")) == ("1", "2")
    checks = {check["check"]: check for check in json.loads(looked.stdout)["checks"]}
    assert (looked.exit_code, [one for one in checks.values() if one["level"] == "failed"]) == (0, [])
    for what in ("data bucket of east: create-only", "control bucket of west: create-only", "clock", "API groups"):
        assert checks[what]["level"] == "ok", checks[what]
    assert checks["cluster of west"]["found"].startswith("Kubernetes v1.")
