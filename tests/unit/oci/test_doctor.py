"""`doctor` on buckets in OCI: what only Oracle's side knows is listed, and never right."""

from pathlib import Path

import pytest

from kubestandby.cli.doctor import cluster_look
from tests.fakes.fake_cluster import FakeCluster
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.faults import Fault
from tests.unit.cli.world import NOON, WorkingClock, World

_BUCKETS = [f"{site}-{part}" for site in ("east", "west") for part in ("data", "control")]


@pytest.fixture
def world(server: OciServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    clock = WorkingClock()
    monkeypatch.setattr("kubestandby.cli.session.SystemClock", lambda: clock)
    monkeypatch.setattr(cluster_look, "connect", lambda *_, **__: FakeCluster())
    monkeypatch.setattr("kubestandby.cli.rights_sources.connect", lambda *_, **__: FakeCluster())
    monkeypatch.setattr(cluster_look, "server_time", lambda *_: NOON)
    made, text = World(tmp_path, clock), (tmp_path / "shop.yaml").read_text()
    for name in _BUCKETS:
        server.add_bucket(name)
        site, _, part = name.partition("-")
        text = text.replace(f"file://{tmp_path}/{site}/{part}", f"oci://axtest/{name}?region=us-ashburn-1")
    made.config.write_text(text)
    return made


def _levels(world: World) -> dict[str, str]:
    return {one["check"]: one["level"] for one in world.json("doctor", "--site", "west")["checks"]}


def test_buckets_are_tried_and_what_the_platform_does_is_not_checked(world: World) -> None:
    found = _levels(world)

    assert {found[_title(name)] for name in _BUCKETS} == {"ok"}
    by_hand = {level for check, level in found.items() if check.startswith("OCI ")}
    assert by_hand == {"not checked"}
    assert world.run("doctor", "--site", "west").exit_code == 0


def test_an_operator_who_may_not_write_the_canary_has_not_checked(world: World, server: OciServer) -> None:
    server.fail(Fault("PUT", target="doctor", status=403, code="NotAllowed", times=-1))

    assert {_levels(world)[_title(name)] for name in _BUCKETS} == {"not checked"}


def _title(name: str) -> str:
    site, _, part = name.partition("-")
    return f"{part} bucket of {site}: create-only"
