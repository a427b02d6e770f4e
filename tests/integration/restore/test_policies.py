"""Owners, versions, conflicts, recreation and pruning, on real clusters."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from kubestandby.groups import ConflictPolicy, Kinds
from kubestandby.reports import Change, ObjectResult, RestoreReport
from kubestandby.resources import OWNERS_ANNOTATION
from tests.integration.restore.crossing import cross, group_of
from tests.integration.restore.recording import RecordingCluster
from tests.integration.restore.shop import restore_on
from tests.testbed.access import ClusterAccess
from tests.unit.restore.samples import config_map, namespace, outcomes, result_of, secret, workload

pytestmark = pytest.mark.clusters

Cleanup = Callable[..., None]
Json = dict[str, Any]


def read(cluster: ClusterAccess, kind: str, name: str, space: str = "") -> Json:
    within = ("-n", space) if space else ()
    found: Json = json.loads(cluster.kubectl("get", kind, name, *within, "-o", "json"))
    return found


def make(cluster: ClusterAccess, *manifests: Json) -> list[Json]:
    """Creates the objects; as the server has them then."""
    create = ("create", "--validate=false", "-f", "-", "-o", "json")
    return [json.loads(cluster.kubectl(*create, stdin=json.dumps(manifest))) for manifest in manifests]


def owned(manifest: Json, owner: Json, **more: Any) -> Json:
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"], **more}
    if "uid" in owner["metadata"]:
        reference["uid"] = owner["metadata"]["uid"]
        return manifest | {"metadata": manifest["metadata"] | {"ownerReferences": [reference]}}
    return manifest | {"metadata": manifest["metadata"] | {"annotations": {OWNERS_ANNOTATION: json.dumps([reference])}}}


def definition(space: str, *versions: str, stored: str = "", **more: Any) -> Json:
    """Gadgets of a group named after the namespace; the last version is the stored one unless another is named."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    kept = stored or versions[-1]
    served = [
        {"name": name, "served": True, "storage": name == kept, "schema": {"openAPIV3Schema": schema}}
        for name in versions
    ]
    names = {"kind": "Gadget", "listKind": "GadgetList", "plural": "gadgets", "singular": "gadget"}
    spec = {"group": f"{space}.example", "scope": "Namespaced", "names": names, "versions": served, **more}
    metadata = {"name": f"gadgets.{space}.example"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def gadget(space: str, version: str = "v1", name: str = "one") -> Json:
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": f"{space}.example/{version}", "kind": "Gadget", "metadata": metadata, "spec": {"size": 1}}


def define(cluster: ClusterAccess, crd: Json) -> None:
    make(cluster, crd)
    cluster.kubectl("wait", "--for=condition=Established", f"crd/{crd['metadata']['name']}", "--timeout=30s")


@pytest.fixture(autouse=True)
def _left_behind(primary: ClusterAccess, space: str, cleanup: Cleanup) -> Any:
    cleanup("crd", f"gadgets.{space}.example")
    cleanup("configmap", f"kubestandby-{space}", "-n", "kubestandby-system")
    yield
    primary.kubectl("delete", "crd", f"gadgets.{space}.example", "--ignore-not-found", "--wait=false")


# owners


def test_owners_are_those_of_the_standby_and_its_garbage_collector_knows_them(
    primary: ClusterAccess, west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    parent = make(primary, namespace(space), config_map("parent", space))[1]
    make(primary, owned(config_map("child", space), parent, controller=True), owned(secret("key", space), parent))

    first = cross(primary, west, group_of(space))
    west.forget()
    second = cross(primary, west, group_of(space))

    assert first.succeeded, first.results
    uid = read(standby, "configmap", "parent", space)["metadata"]["uid"]
    for kind, name in (("configmap", "child"), ("secret", "key")):
        (reference,) = read(standby, kind, name, space)["metadata"]["ownerReferences"]
        assert (reference["name"], reference["uid"]) == ("parent", uid)
    assert (west.writes, west.dry_runs, set(outcomes(second).values())) == ([], [], {"unchanged"})
    standby.kubectl("delete", "configmap", "parent", "-n", space)
    standby.kubectl("wait", "--for=delete", "configmap/child", "-n", space, "--timeout=30s")


@pytest.mark.parametrize("wanted", [Kinds(), Kinds(names=frozenset({"Secret"}))], ids=["left to it", "included"])
def test_what_a_custom_resource_controls_crosses_where_the_group_wants_it(
    primary: ClusterAccess, west: RecordingCluster, standby: ClusterAccess, space: str, wanted: Kinds
) -> None:
    define(primary, definition(space, "v1"))
    owner = make(primary, namespace(space), gadget(space))[1]
    make(primary, owned(secret("key", space), owner, controller=True), workload(namespace=space))

    report = cross(primary, west, group_of(space, include_owned=wanted))

    assert report.succeeded, report.results
    assert not [result for result in report.results if result.ref.gvk.kind in ("ReplicaSet", "Pod")]
    if not wanted.names:
        assert "Secret" not in {result.ref.gvk.kind for result in report.results}
        return
    (reference,) = read(standby, "secret", "key", space)["metadata"]["ownerReferences"]
    assert reference["uid"] == read(standby, f"gadgets.{space}.example", "one", space)["metadata"]["uid"]
    assert reference["controller"] is True


def test_an_owner_that_mounts_what_it_owns_is_linked_in_the_end(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    web = workload(namespace=space, volumes=[{"name": "v", "configMap": {"name": "settings"}}])

    restore_on(west, space, namespace(space), owned(config_map(namespace=space), web), web)

    (reference,) = read(standby, "configmap", "settings", space)["metadata"]["ownerReferences"]
    assert reference["uid"] == read(standby, "deployment", "web", space)["metadata"]["uid"]


# versions


def test_a_definition_of_the_snapshot_brings_the_version_that_the_standby_lacks(
    primary: ClusterAccess, west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    define(primary, definition(space, "v1", "v2"))
    define(standby, definition(space, "v1"))
    make(primary, namespace(space), gadget(space))

    report = cross(primary, west, group_of(space))

    assert report.succeeded, report.results
    assert result_of(report, "Gadget", "one").ref.gvk.version == "v2"
    assert read(standby, f"gadgets.v2.{space}.example", "one", space)["spec"] == {"size": 1}


def test_a_version_that_only_the_primary_could_convert_blocks_until_it_is_exported_in_a_common_one(
    primary: ClusterAccess, west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    newer = definition(space, "v1", "v2")
    newer["metadata"]["labels"] = {"kubestandby.dev/exclude": "true"}
    define(primary, newer)
    define(standby, definition(space, "v1"))
    make(primary, namespace(space), gadget(space))

    blocked = cross(primary, west, group_of(space))
    named = cross(primary, west, group_of(space, api_versions=(f"{space}.example/v1",)))
    common = cross(primary, west, group_of(space), told=True)

    refused = result_of(blocked, "Gadget", "one")
    assert refused.change is Change.BLOCKED
    assert "export again, which takes a version that both serve" in refused.reason
    assert named.succeeded, named.results
    assert result_of(common, "Gadget", "one").change is Change.UNCHANGED
    assert read(standby, f"gadgets.v1.{space}.example", "one", space)["spec"] == {"size": 1}


def test_a_kind_that_the_standby_lacks_is_blocked_object_by_object(west: RecordingCluster, space: str) -> None:
    report = restore_on(west, space, namespace(space), gadget(space, name="a"), gadget(space, name="b"))

    blocked = {str(result.ref): result.reason for result in report.results if result.change is Change.BLOCKED}
    assert set(blocked) == {f"Gadget.{space}.example {space}/a", f"Gadget.{space}.example {space}/b"}
    assert all("serves no kind Gadget" in reason for reason in blocked.values())


def test_where_the_definition_is_left_alone_and_converts_nothing_the_live_version_is_taken(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    define(standby, definition(space, "v1"))

    report = restore_on(
        west,
        space,
        namespace(space),
        definition(space, "v1", "v2"),
        gadget(space, "v2"),
        conflict=ConflictPolicy.SKIP,
    )

    assert result_of(report, "CustomResourceDefinition", f"gadgets.{space}.example").change is Change.SKIPPED
    assert result_of(report, "Gadget", "one").change is Change.CREATED
    assert f"sent as {space}.example/v1" in result_of(report, "Gadget", "one").reason


# recreation


def relabelled(space: str) -> tuple[Json, Json]:
    """A Deployment before and after a change of its selector, which cannot be made in place."""
    before, after = workload(namespace=space), workload(namespace=space)
    after["spec"]["selector"]["matchLabels"] = after["spec"]["template"]["metadata"]["labels"] = {"app": "renamed"}
    return before, after


def test_what_cannot_be_changed_in_place_is_made_anew_where_the_group_allows_it(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    before, after = relabelled(space)
    child = owned(config_map("child", space), before)
    restore_on(west, space, namespace(space), before, child)
    uid = read(standby, "deployment", "web", space)["metadata"]["uid"]
    allowed = Kinds(names=frozenset({"Deployment"}))

    report = restore_on(west, space, namespace(space), after, child, recreate=allowed)
    west.forget()
    again = restore_on(west, space, namespace(space), after, child, recreate=allowed)

    made_anew = result_of(report, "Deployment", "web")
    assert (made_anew.change, made_anew.reason[:10]) == (Change.CONFIGURED, "recreated:")
    assert report.succeeded, report
    now = read(standby, "deployment", "web", space)["metadata"]["uid"]
    assert now != uid
    assert [one["uid"] for one in read(standby, "configmap", "child", space)["metadata"]["ownerReferences"]] == [now]
    assert (west.writes, again.count(Change.UNCHANGED)) == ([], 3)


def test_claims_are_not_deleted_with_the_workload_that_owns_them(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    database = workload("StatefulSet", "db", space)
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    database["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": claim}]
    database["spec"] |= {"replicas": 1, "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}
    restore_on(west, space, namespace(space), database)
    standby.kubectl(
        "wait", "pvc/data-db-0", "-n", space, "--timeout=30s", "--for=jsonpath={.metadata.ownerReferences[0].name}=db"
    )
    uid = read(standby, "statefulset", "db", space)["metadata"]["uid"]
    database["spec"]["podManagementPolicy"] = "Parallel"

    report = restore_on(west, space, namespace(space), database, recreate=Kinds(every=True))

    refused = result_of(report, "StatefulSet", "db")
    assert refused.change is Change.FAILED
    assert "its claims (data-db-0) would go with the StatefulSet" in refused.reason
    assert read(standby, "statefulset", "db", space)["metadata"]["uid"] == uid


# conflicts


def edited(west: RecordingCluster, standby: ClusterAccess, space: str) -> None:
    """Settings and a password as restored, and then changed by somebody on the standby."""
    restore_on(west, space, namespace(space), *settings(space))
    standby.kubectl(
        "patch", "configmap", "settings", "-n", space, "-p", '{"data": {"color": "red", "extra": "theirs"}}'
    )
    standby.kubectl("patch", "secret", "password", "-n", space, "-p", '{"stringData": {"extra": "theirs"}}')


def settings(space: str) -> tuple[Json, Json]:
    return config_map("settings", space, color="blue"), secret("password", space, key="aGk=")


def test_apply_takes_back_what_is_ours_and_tells_the_rest_as_drift(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    edited(west, standby, space)

    report = restore_on(west, space, namespace(space), *settings(space))

    assert read(standby, "configmap", "settings", space)["data"] == {"color": "blue", "extra": "theirs"}
    changed, unchanged = result_of(report, "ConfigMap", "settings"), result_of(report, "Secret", "password")
    assert (changed.change, unchanged.change) == (Change.CONFIGURED, Change.UNCHANGED)
    assert told(changed) == [("data.extra", "theirs", "kubectl-patch")]
    assert told(unchanged) == [("data.extra", "***", "kubectl-patch")]


def told(result: ObjectResult) -> list[tuple[str, str, str]]:
    return [(drift.path, drift.live, drift.manager) for drift in result.drift]


def test_replace_leaves_exactly_the_snapshot_and_then_nothing_to_do(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    edited(west, standby, space)
    wanted = (namespace(space), *settings(space), *busy(space))
    first = restore_on(west, space, *wanted, conflict=ConflictPolicy.REPLACE)
    standby.kubectl("annotate", "deployment", "web", "-n", space, "example.com/note=theirs")
    standby.kubectl("set", "env", "deployment/web", "-n", space, "EXTRA=theirs")

    second = restore_on(west, space, *wanted, conflict=ConflictPolicy.REPLACE)
    west.forget()
    third = restore_on(west, space, *wanted, conflict=ConflictPolicy.REPLACE)

    assert (first.succeeded, second.succeeded) == (True, True), (first, second)
    assert read(standby, "configmap", "settings", space)["data"] == {"color": "blue"}
    assert list(read(standby, "secret", "password", space)["data"]) == ["key"]
    web = read(standby, "deployment", "web", space)
    assert "env" not in web["spec"]["template"]["spec"]["containers"][0]
    assert "example.com/note" not in web["metadata"]["annotations"]
    assert (west.writes, west.dry_runs, set(outcomes(third).values())) == ([], [], {"unchanged"})


def busy(space: str) -> list[Json]:
    """Objects into which the control plane writes."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    ports = [{"port": 80, "protocol": "TCP"}]
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "d", "namespace": space},
            "spec": spec,
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": space},
            "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": ports},
        },
        workload(namespace=space),
    ]


EMPTIED: dict[str, tuple[Json, Json, Json]] = {
    "a map of strings": (
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"config": {"a": "1"}},
        {"config": {}},
    ),
    "a structure": (
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"config": {"a": "1"}},
        {"config": {}},
    ),
    "one that may be null": (
        {"type": "object", "nullable": True, "x-kubernetes-preserve-unknown-fields": True},
        {"config": {"a": {"b": 1}, "c": 2}},
        {"config": {"a": {}, "c": 2}},
    ),
    "a set": (
        {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        {"config": ["a"]},
        {"config": []},
    ),
}
"""Schema of `config`, the spec before, the spec after."""


@pytest.mark.parametrize("conflict", [ConflictPolicy.APPLY, ConflictPolicy.REPLACE])
@pytest.mark.parametrize("case", EMPTIED)
def test_a_map_or_list_that_becomes_empty_arrives_empty(
    primary: ClusterAccess, west: RecordingCluster, standby: ClusterAccess, space: str, case: str, conflict: str
) -> None:
    config, before, after = EMPTIED[case]
    kind = f"gadgets.{space}.example"
    properties = {"config": config, "size": {"type": "integer"}}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    crd = definition(space, "v1")
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = schema
    define(primary, crd)
    make(primary, namespace(space), {**gadget(space), "spec": {"size": 1, **before}})
    group = group_of(space, {"conflict": conflict})
    cross(primary, west, group)
    uid = read(standby, kind, "one", space)["metadata"]["uid"]
    change = [{"op": "replace", "path": "/spec", "value": {"size": 2, **after}}]
    primary.kubectl("patch", kind, "one", "-n", space, "--type=json", "-p", json.dumps(change))

    report = cross(primary, west, group)
    west.forget()
    again = cross(primary, west, group)

    assert result_of(report, "Gadget", "one").change is Change.CONFIGURED, report
    live = read(standby, kind, "one", space)
    assert live["spec"] == read(primary, kind, "one", space)["spec"] == {"size": 2, **after}
    assert live["metadata"]["uid"] == uid
    assert "null" not in str(result_of(report, "Gadget", "one").diffs)
    assert (west.writes, result_of(again, "Gadget", "one").change) == ([], Change.UNCHANGED)


def test_skip_leaves_alone_what_others_have_made_or_changed_and_goes_on_with_ours(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    edited(west, standby, space)
    make(standby, config_map("theirs", space, color="green"))
    theirs, ours = config_map("theirs", space, color="blue"), secret("password", space, key="bmV3")

    report = restore_on(west, space, namespace(space), settings(space)[0], ours, theirs, conflict=ConflictPolicy.SKIP)

    for name, color in (("settings", "red"), ("theirs", "green")):
        left = result_of(report, "ConfigMap", name)
        assert left.change is Change.SKIPPED
        assert left.reason.startswith("exists and differs")
        assert read(standby, "configmap", name, space)["data"]["color"] == color
    assert result_of(report, "Secret", "password").change is Change.CONFIGURED


# pruning


def prune(west: RecordingCluster, space: str, *names: str, **options: Any) -> RestoreReport:
    """Restores ConfigMaps of these names, and nothing else."""
    return restore_on(
        west, space, namespace(space), *(config_map(name, space) for name in names), prune=True, **options
    )


def test_what_the_snapshot_no_longer_holds_is_deleted_and_what_is_not_ours_stays(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    many = [f"c{number}" for number in range(9)]
    robot = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": space}}
    restore_on(west, space, namespace(space), robot, *(config_map(name, space) for name in many), prune=True)
    make(standby, config_map("foreign", space))
    standby.kubectl("delete", "configmap", "c7", "-n", space)
    make(standby, config_map("c7", space))

    report = prune(west, space, *many[:7])
    west.forget()
    again = prune(west, space, *many[:7])

    pruned = [result.ref.name for result in report.results if result.change is Change.PRUNED]
    assert pruned == ["c8", "robot"]
    left = standby.kubectl("get", "configmap", "-n", space, "-o", "jsonpath={.items[*].metadata.name}").split()
    assert set(left) - {"kube-root-ca.crt"} == {*many[:7], "c7", "foreign"}
    assert (west.writes, again.count(Change.PRUNED), again.held_deletions) == ([], 0, 0)


def test_too_much_at_once_is_held_until_the_operator_says_so(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    prune(west, space, "a", "b", "c")

    held = prune(west, space, "a")

    assert held.held_deletions == 2
    assert "restore with --prune-all" in result_of(held, "ConfigMap", "b").reason
    assert read(standby, "configmap", "b", space)["metadata"]["name"] == "b"
    prune(west, space, "a", prune_all=True)
    assert standby.kubectl("get", "configmap", "b", "c", "-n", space, "--ignore-not-found") == ""


# what one cluster alone can have


def hook(space: str, bundle: str) -> Json:
    client = {"service": {"name": "hook", "namespace": space}, **({"caBundle": bundle} if bundle else {})}
    webhook = {
        "name": "hook.shop.example",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "clientConfig": client,
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "nowhere"}},
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": f"{space}-hook"},
        "webhooks": [webhook],
    }


CA_EAST, CA_WEST = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==",
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCgo=",
)


@pytest.mark.parametrize("policy", [ConflictPolicy.APPLY, ConflictPolicy.REPLACE])
def test_certificates_that_an_injector_keeps_stay_those_of_the_standby(
    west: RecordingCluster, standby: ClusterAccess, space: str, cleanup: Cleanup, policy: ConflictPolicy
) -> None:
    cleanup("validatingwebhookconfiguration", f"{space}-hook")
    restore_on(west, space, namespace(space), hook(space, ""))
    patch = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": CA_WEST}]
    standby.kubectl("patch", "validatingwebhookconfiguration", f"{space}-hook", "--type=json", "-p", json.dumps(patch))

    for bundle in ("", CA_EAST):
        west.forget()
        restore_on(west, space, namespace(space), hook(space, bundle), conflict=policy)
        assert west.writes == []

    live = read(standby, "validatingwebhookconfiguration", f"{space}-hook")
    assert live["webhooks"][0]["clientConfig"]["caBundle"] == CA_WEST


def service(name: str, space: str, address: str) -> Json:
    spec = {"clusterIP": address, "ports": [{"port": 80, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": space}, "spec": spec}


def test_an_address_that_the_standby_cannot_give_is_named_with_the_way_out(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    taken = read(standby, "service", "kubernetes", "default")["spec"]["clusterIP"]

    report = restore_on(
        west, space, namespace(space), service("taken", space, taken), service("strange", space, "203.0.113.9")
    )

    for name, address in (("taken", taken), ("strange", "203.0.113.9")):
        refused = result_of(report, "Service", name)
        assert refused.change is Change.FAILED
        assert f"cannot give the address {address}" in refused.reason
        assert "have a transform take /spec/clusterIP and /spec/clusterIPs out of the Service" in refused.reason
