"""What a group's configuration says of restores, and of owned objects: read, and every mistake told."""

from pathlib import Path

import pytest

from kubestandby.groups import ConflictPolicy, Kinds
from tests.unit.runtime.test_group_file import GOOD, error_of, load


def with_restore(text: str) -> str:
    return GOOD.replace("restore: {mode: hot}", f"restore: {text}")


def test_policies_are_read(tmp_path: Path):
    (group,) = load(tmp_path, with_restore("{conflict: replace, recreate: [Job, Widget.example.com], prune: true}"))

    assert group.restore.conflict is ConflictPolicy.REPLACE
    assert group.restore.recreate.holds("batch", "Job")
    assert group.restore.recreate.holds("example.com", "Widget")
    assert group.restore.prune is True


def test_without_a_word_nothing_is_deleted_and_nothing_recreated(tmp_path: Path):
    (group,) = load(tmp_path, GOOD)

    assert group.restore.conflict is ConflictPolicy.APPLY
    assert not group.restore.recreate.holds("batch", "Job")
    assert group.restore.prune is False
    assert not group.include_owned.holds("", "Secret")


def test_a_kind_without_a_group_is_one_of_kubernetes_itself():
    kinds = Kinds(names=frozenset({"Service"}))

    assert kinds.holds("", "Service")
    assert not kinds.holds("serving.knative.dev", "Service")


@pytest.mark.parametrize("kind", ["PersistentVolumeClaim", "PersistentVolume", "Namespace", "CustomResourceDefinition"])
def test_what_holds_data_is_never_recreated(tmp_path: Path, kind: str):
    error = error_of(tmp_path, with_restore(f"\n    recreate:\n      - Job\n      - {kind}"))

    assert error == (
        f'groups.yaml:21: spec.restore.recreate[1]: a "{kind}" is never deleted, data would go with it; leave it out'
    )


def test_qualifying_a_kind_that_holds_data_does_not_help(tmp_path: Path):
    error = error_of(tmp_path, with_restore("{recreate: [CustomResourceDefinition.apiextensions.k8s.io]}"))

    assert "is never deleted" in error


@pytest.mark.parametrize(("value", "kind", "held"), [("true", "Secret", True), ("[ConfigMap]", "Secret", False)])
def test_owned_objects_are_included_by_kind_or_all(tmp_path: Path, value: str, kind: str, held: bool):
    (group,) = load(tmp_path, GOOD + f"  includeOwned: {value}\n")

    assert group.include_owned.holds("", kind) is held


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("includeOwned: 1", 'spec.includeOwned: "1" is not allowed here; write true, or a list of kinds'),
        ("apiVersions: [v1]", 'spec.apiVersions[0]: "v1" is not allowed here; write an API group and version, such as'),
        ("restore: {conflict: overwrite}", 'spec.restore.conflict: "overwrite" is none of apply, replace, skip'),
        ("restore: {prune: 1}", "spec.restore.prune: a number, where true or false belongs"),
        (
            "restore: {recreate: [job]}",
            'spec.restore.recreate[0]: "job" is not allowed here; write a kind of Kubernetes',
        ),
    ],
)
def test_every_mistake_says_what_to_write(tmp_path: Path, line: str, told: str):
    error = error_of(tmp_path, GOOD.replace("  restore: {mode: hot}\n", "") + f"  {line}\n")

    assert told in error
