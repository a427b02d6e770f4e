"""`spec.excludeKinds`: what a group does not carry is not read, not restored and not pruned, and needs no rights."""

from dataclasses import replace
from pathlib import Path

import pytest

from functions.restore.restorer import Restorer
from kubestandby.errors import ClusterError
from kubestandby.groups import Kinds, RestoreMode
from kubestandby.reports import Change, Purpose
from kubestandby.snapshots import SnapshotId
from tests.fakes.fake_clock import FakeClock
from tests.unit.export.exporting import Bench
from tests.unit.restore.samples import (
    NOON,
    WEST,
    config_map,
    group,
    namespace,
    restore,
    result_of,
    secret,
    standby,
    stored,
)
from tests.unit.runtime.test_group_file import GOOD, error_of, load

SECRETS = Kinds(names=frozenset({"Secret"}))


def test_what_may_be_granted_and_what_is_left_out_is_read(tmp_path: Path):
    (read,) = load(
        tmp_path, GOOD + "  excludeKinds: [Secret]\n  rights: {allow: [PersistentVolume], privilegedPods: true}\n"
    )

    assert read.exclude_kinds.holds("", "Secret")
    assert read.rights.allow.holds("", "PersistentVolume")
    assert read.rights.privileged_pods


def test_without_a_word_everything_is_carried_and_nothing_sensitive_granted(tmp_path: Path):
    (read,) = load(tmp_path, GOOD)

    assert not read.exclude_kinds.holds("", "Secret")
    assert not read.rights.allow.holds("", "Secret")
    assert not read.rights.privileged_pods


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("excludeKinds: [Namespace]", 'spec.excludeKinds[0]: a "Namespace" is what a group is made of; leave it out'),
        ("excludeKinds: true", "spec.excludeKinds"),
        ("rights: {allow: all}", "spec.rights.allow"),
        ("rights: {alow: [Secret]}", "alow"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, line: str, told: str):
    assert told in error_of(tmp_path, GOOD + f"  {line}\n")


def test_an_export_does_not_even_ask_for_them():
    bench = Bench(namespace(), config_map(), secret(), exclude_kinds=SECRETS)
    bench.cluster.fail("list", ClusterError("secrets: 403", status=403), plural="secrets")

    index = bench.index()

    assert index.complete
    assert "secrets" not in {one.plural for one in index.types}
    assert {one.ref.gvk.kind for one in index.entries} == {"Namespace", "ConfigMap"}


def test_those_in_an_older_snapshot_are_not_restored():
    cluster = standby()
    snapshots, index = stored(namespace(), config_map(), secret())
    protected = replace(group(), exclude_kinds=SECRETS)

    report = Restorer(cluster, snapshots, FakeClock()).restore(
        protected, WEST, index, mode=RestoreMode.HOT, purpose=Purpose.RESTORE, requested_at=NOON
    )

    assert report.succeeded
    assert result_of(report, "Secret", "password").change is Change.SKIPPED
    assert cluster.object("Secret", "shop", "password") is None


def test_those_that_were_restored_before_stay():
    cluster = standby()
    restore(cluster, namespace(), config_map(), secret())
    snapshots, index = stored(namespace(), config_map(), id=SnapshotId(1, 2))
    protected = replace(group(prune=True), exclude_kinds=SECRETS)

    Restorer(cluster, snapshots, FakeClock()).restore(
        protected, WEST, index, mode=RestoreMode.HOT, purpose=Purpose.RESTORE, requested_at=NOON, prune_all=True
    )

    assert cluster.object("Secret", "shop", "password")
