"""Owner references: linked to the owners of this cluster, and never to nobody."""

import json
from typing import Any

from functions.restore.owners import descendants, links, unpack
from functions.restore.plans import OwnerLink
from kubestandby.errors import ClusterError
from kubestandby.groups import Kinds
from kubestandby.reports import Change
from kubestandby.resources import GVK, OWNERS_ANNOTATION, ObjectRef
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import (
    NOON,
    config_map,
    custom,
    definition,
    desired,
    namespace,
    outcomes,
    restore,
    result_of,
    secret,
    standby,
    workload,
)


def owned(manifest: dict[str, Any], kind: str, name: str, api_version: str = "v1", **more: Any) -> dict[str, Any]:
    """As sanitize writes it: the references in an annotation, without UIDs."""
    reference = {"apiVersion": api_version, "kind": kind, "name": name, **more}
    annotations = {OWNERS_ANNOTATION: json.dumps([reference])}
    return manifest | {"metadata": manifest["metadata"] | {"annotations": annotations}}


def uid_of(cluster: FakeCluster, kind: str, name: str) -> str:
    found = cluster.object(kind, "shop", name)
    assert found is not None
    return str(found["metadata"]["uid"])


def owners_of(cluster: FakeCluster, kind: str, name: str) -> Any:
    found = cluster.object(kind, "shop", name)
    assert found is not None
    assert OWNERS_ANNOTATION not in found["metadata"].get("annotations", {})
    return found["metadata"].get("ownerReferences")


PARENT = config_map("zz-parent")
CHILD = owned(config_map("child"), "ConfigMap", "zz-parent", controller=True)


def test_an_object_is_linked_to_the_owner_that_this_restore_made() -> None:
    cluster = standby()

    report = restore(cluster, namespace(), CHILD, PARENT)

    assert set(outcomes(report).values()) == {"created"}
    uid = uid_of(cluster, "ConfigMap", "zz-parent")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "zz-parent", "controller": True, "uid": uid}
    assert owners_of(cluster, "ConfigMap", "child") == [reference]


def test_a_second_restore_of_owners_writes_nothing() -> None:
    cluster = standby()
    restore(cluster, namespace(), CHILD, PARENT)
    cluster.writes.clear()

    report = restore(cluster, namespace(), CHILD, PARENT)

    assert cluster.writes == []
    assert set(outcomes(report).values()) == {"unchanged"}


def test_an_owner_that_others_made_anew_is_linked_again() -> None:
    cluster = standby()
    restore(cluster, namespace(), CHILD, PARENT)
    cluster.take_out("ConfigMap", "shop", "zz-parent")
    cluster.put(PARENT)

    report = restore(cluster, namespace(), CHILD, PARENT)

    assert result_of(report, "ConfigMap", "child").change is Change.CONFIGURED
    assert owners_of(cluster, "ConfigMap", "child")[0]["uid"] == uid_of(cluster, "ConfigMap", "zz-parent")


def test_a_live_object_is_linked_to_an_owner_that_comes_with_this_restore() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map("child"))

    report = restore(cluster, namespace(), CHILD, PARENT)

    assert result_of(report, "ConfigMap", "child").change is Change.CONFIGURED
    assert result_of(report, "ConfigMap", "child").diffs[-1].path == "metadata.ownerReferences"
    assert owners_of(cluster, "ConfigMap", "child")[0]["uid"] == uid_of(cluster, "ConfigMap", "zz-parent")


def test_an_owner_that_needs_what_it_owns_is_linked_in_the_end() -> None:
    web = workload(volumes=[{"name": "v", "configMap": {"name": "settings"}}])
    cluster = standby()

    report = restore(cluster, namespace(), owned(config_map(), "Deployment", "web", "apps/v1"), web)

    assert set(outcomes(report).values()) == {"created"}
    assert owners_of(cluster, "ConfigMap", "settings")[0]["uid"] == uid_of(cluster, "Deployment", "web")


def test_an_owner_that_is_refused_leaves_its_object_without_one_and_that_is_said() -> None:
    cluster = standby()
    cluster.fail("apply", ClusterError("Invalid: no", status=422, reason="Invalid"), name="zz-parent")

    report = restore(cluster, namespace(), CHILD, PARENT)

    child = result_of(report, "ConfigMap", "child")
    assert child.change is Change.CREATED
    assert child.reason == "without its owner ConfigMap zz-parent, which is not there: restore again when it is"
    assert owners_of(cluster, "ConfigMap", "child") is None


def test_an_owner_whose_kind_the_standby_lacks_is_named() -> None:
    cluster = standby()

    report = restore(cluster, namespace(), owned(secret(), "Ticket", "one", "shop.example/v1"), custom())

    assert result_of(report, "Ticket", "one").change is Change.BLOCKED
    assert result_of(report, "Secret", "password").reason == "without its owner Ticket one, which is not restored"
    assert owners_of(cluster, "Secret", "password") is None


def test_a_custom_resource_owns_what_the_group_includes() -> None:
    cluster = standby()

    restore(cluster, namespace(), owned(secret(), "Ticket", "one", "shop.example/v1"), definition(), custom())

    assert owners_of(cluster, "Secret", "password")[0]["uid"] == uid_of(cluster, "Ticket", "one")


def test_references_with_the_uids_of_another_cluster_are_never_sent() -> None:
    foreign = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "zz-parent", "uid": "of-the-primary"}]
    manifest = config_map("child")
    manifest["metadata"]["ownerReferences"] = foreign

    assert unpack(manifest).manifest == config_map("child")
    assert unpack(manifest).references == ()


def test_an_annotation_that_nobody_can_read_says_nothing() -> None:
    for text in ("", "{", "{}", '["x"]', '[{"kind": 1}]', '[{"kind": "ConfigMap"}]'):
        manifest = config_map("child")
        manifest["metadata"]["annotations"] = {OWNERS_ANNOTATION: text, "mine": "kept"}

        assert unpack(manifest).references == ()
        assert unpack(manifest).manifest["metadata"]["annotations"] == {"mine": "kept"}


def test_a_version_that_is_not_served_gives_way_to_that_of_the_owner() -> None:
    owner = desired(custom())
    reference = {"apiVersion": "shop.example/v1beta1", "kind": "Ticket", "name": "one"}
    child = ObjectRef(GVK("", "v1", "ConfigMap"), "shop", "child")

    (kept,), _ = links(child, [reference], {owner.identity: owner}, lambda _: True)
    (changed,), _ = links(child, [reference], {owner.identity: owner}, lambda _: False)

    assert kept.reference["apiVersion"] == "shop.example/v1beta1"
    assert changed.reference["apiVersion"] == "shop.example/v1"


def test_with_an_owner_goes_what_it_owns_in_turn() -> None:
    top, middle, leaf, other = (desired(config_map(name)) for name in ("top", "middle", "leaf", "other"))
    family = [
        top,
        desired(config_map("middle"), owners=(OwnerLink(top.identity, {}),)),
        desired(config_map("leaf"), owners=(OwnerLink(middle.identity, {}),)),
        other,
    ]

    assert descendants([top.identity], family) == {middle.identity, leaf.identity}


def test_an_owner_that_is_recreated_and_needs_what_it_owns_is_linked_by_its_new_uid() -> None:
    web = workload(volumes=[{"name": "v", "configMap": {"name": "settings"}}])
    child = owned(config_map(), "Deployment", "web", "apps/v1")
    cluster = standby()
    restore(cluster, namespace(), child, web)
    cluster.fail("apply", ClusterError("422 Invalid", status=422, reason="Invalid"), name="web", times=1)
    web["spec"]["replicas"] = 5

    restore(cluster, namespace(), child, web, settings={"recreate": Kinds(every=True)})

    assert owners_of(cluster, "ConfigMap", "settings")[0]["uid"] == uid_of(cluster, "Deployment", "web")


def test_an_owner_that_is_on_its_way_out_gives_way_to_its_successor() -> None:
    cluster = standby()
    restore(cluster, namespace(), CHILD, PARENT)
    live = cluster.object("ConfigMap", "shop", "zz-parent")
    assert live is not None
    live["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"

    restore(cluster, namespace(), CHILD, PARENT, clock=Vanishing(cluster))

    assert owners_of(cluster, "ConfigMap", "child")[0]["uid"] == uid_of(cluster, "ConfigMap", "zz-parent")


class Vanishing(FakeClock):
    """With the first pause the old owner is gone."""

    def __init__(self, cluster: FakeCluster) -> None:
        super().__init__(NOON)
        self._cluster = cluster

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.sleeps) == 1:
            self._cluster.take_out("ConfigMap", "shop", "zz-parent")
