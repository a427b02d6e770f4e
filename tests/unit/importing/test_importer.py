"""An import makes the snapshot that an export would have made of a cluster with these objects."""

from datetime import timedelta

import pytest

from kubestandby import layout
from kubestandby.errors import ClusterUnavailableError
from kubestandby.groups import IncludedObject, Kinds
from kubestandby.requests import Outcome, Verdict
from kubestandby.snapshots import SiteName
from kubestandby.transforms import ClaimTransform, Selector, StorageClassTransform, VolumePolicy
from tests.fakes.keys import keyring
from tests.unit.importing.importing import SHOP, ImportWorld, config_map, deployment, namespace, of_kind
from tests.unit.importing.test_imported_types import definition

RBAC = "rbac.authorization.k8s.io/v1"


@pytest.fixture
def world() -> ImportWorld:
    return ImportWorld()


def role(name: str, **fields: object) -> dict[str, object]:
    return of_kind(RBAC, "ClusterRole", name, "", rules=[], **fields)


def binding(name: str, role_name: str, kind: str = "ClusterRole", within: str = "shop") -> dict[str, object]:
    return of_kind(RBAC, "RoleBinding", name, within, roleRef={"apiGroup": RBAC[:-3], "kind": kind, "name": role_name})


def told(outcome: Outcome) -> str:
    assert outcome.verdict is Verdict.FAILED
    return outcome.message


def test_what_was_imported_is_restored_at_the_standby(world: ImportWorld) -> None:
    outcome = world.import_(namespace("shop"), config_map("prices", tea="2"))
    assert (outcome.verdict, str(outcome.snapshot)) == (Verdict.DONE, "1-1")
    assert world.price("west") == "2"
    assert world.price("east") == "1"


def test_an_export_of_the_same_objects_finds_nothing_new(world: ImportWorld) -> None:
    account = of_kind("v1", "ServiceAccount", "till")
    objects = [namespace("shop"), deployment("web"), config_map("prices", tea="2"), account]
    world.import_(*objects)
    world.clusters["east"].put(*objects)
    assert world.do("east", layout.Action.EXPORT).verdict is Verdict.UNCHANGED


def test_the_same_files_again_make_no_new_snapshot_and_prove_nothing(world: ImportWorld) -> None:
    world.import_(namespace("shop"), config_map("a"))
    again = world.import_(config_map("a"), namespace("shop"))
    assert (again.verdict, again.message) == (Verdict.UNCHANGED, "snapshot 1-1 says the same already")
    assert not [key for key in world.data("east").objects if key.startswith("heartbeats/")]


def test_the_primary_says_which_cluster_it_is(world: ImportWorld) -> None:
    world.import_(namespace("shop"))
    assert (world.raw().source_cluster, world.raw().source_site) == ("uid-east", "east")
    assert world.raw().imported_from == ("shop.yaml",)


def test_a_primary_that_is_lost_is_not_needed(world: ImportWorld) -> None:
    world.clusters["east"].fail("identity", ClusterUnavailableError("east is down"))
    assert world.import_(namespace("shop"), config_map("prices", tea="2")).verdict is Verdict.DONE
    assert (world.raw().source_cluster, world.raw().server_version) == ("", "")
    assert world.price("west") == "2"


def test_only_the_primary_takes_imports(world: ImportWorld) -> None:
    order = world.upload([namespace("shop")])
    outcome = world.do("west", layout.Action.IMPORT, order=order)
    assert outcome.verdict is Verdict.REFUSED


def test_a_request_without_manifests_fails_in_one_sentence(world: ImportWorld) -> None:
    assert "brings no manifests along" in told(world.do("east", layout.Action.IMPORT))


def test_what_controllers_make_is_left_out_and_counted(world: ImportWorld) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u", "controller": True}
    replica_set = of_kind("apps/v1", "ReplicaSet", "web-1", metadata={"ownerReferences": [owner]})
    owned_pod = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "v", "controller": True}
    spec = {"containers": [{"name": "main", "image": "mesh/side-car:7"}]}
    pod = of_kind("v1", "Pod", "web-1-x", metadata={"ownerReferences": [owned_pod]}, spec=spec)
    endpoints = of_kind("v1", "Endpoints", "web")
    service = of_kind("v1", "Service", "web", spec={"selector": {"app": "web"}})
    world.import_(namespace("shop"), deployment("web"), replica_set, pod, endpoints, service)
    assert world.names() == ["Deployment/web", "Namespace/shop", "Service/web"]
    assert world.left_out() == {"controller_made_endpoints": 1, "owned_by_controller": 2}
    assert [use.reference for use in world.raw().images] == ["mesh/side-car:7", "shop/web:1"]


def test_types_that_are_never_exported_are_left_out_and_counted(world: ImportWorld) -> None:
    world.import_(
        namespace("shop"),
        of_kind("v1", "Event", "e"),
        of_kind("events.k8s.io/v1", "Event", "e"),
        of_kind("coordination.k8s.io/v1", "Lease", "l"),
        of_kind("metrics.k8s.io/v1beta1", "PodMetrics", "p"),
        of_kind("v1", "Node", "n", ""),
    )
    assert world.names() == ["Namespace/shop"]
    assert world.left_out() == {"type_never_exported": 5}


def test_what_objects_name_and_no_file_holds_is_told(world: ImportWorld) -> None:
    mapped = StorageClassTransform(name="classes", names={"fast": "oci-bv"})
    object.__setattr__(world.group, "transforms", (mapped,))
    claims = [
        of_kind("v1", "PersistentVolumeClaim", name, spec={"storageClassName": name, "volumeName": f"{volume}-{name}"})
        for name, volume in (("fast", "pvc"), ("slow", "nfs"))
    ]

    outcome = world.import_(
        namespace("shop"),
        *claims,
        of_kind("v1", "PersistentVolume", "nfs-slow", "", spec={"claimRef": {"namespace": "shop", "name": "slow"}}),
        deployment("web", priorityClassName="high"),
        deployment("agent", priorityClassName="system-node-critical"),
        binding("a", "view"),
        binding("b", "reader"),
    )

    assert outcome.details["not_in_files"] == [
        "ClusterRole.rbac.authorization.k8s.io reader",
        "PriorityClass.scheduling.k8s.io high",
        "StorageClass.storage.k8s.io slow",
    ]


def test_a_claim_that_is_to_cross_with_its_volume_needs_that_one(world: ImportWorld) -> None:
    bind = ClaimTransform(name="replicated", select=Selector(), policy=VolumePolicy.BIND)
    object.__setattr__(world.group, "transforms", (bind,))

    outcome = world.import_(
        namespace("shop"), of_kind("v1", "PersistentVolumeClaim", "a", spec={"volumeName": "pvc-1"})
    )

    assert outcome.details["not_in_files"] == ["PersistentVolume pvc-1"]


def test_a_role_is_looked_for_in_the_namespace_of_its_binding(world: ImportWorld) -> None:
    object.__setattr__(world.group, "namespaces", ("shop", "base"))
    outcome = world.import_(
        of_kind(RBAC, "Role", "here", rules=[]),
        of_kind(RBAC, "Role", "there", "base", rules=[]),
        binding("a", "here", "Role"),
        binding("b", "there", "Role"),
        binding("c", "there", "Role", "base"),
        binding("d", "here"),
    )

    assert outcome.details["not_in_files"] == [
        "ClusterRole.rbac.authorization.k8s.io here",
        "Role.rbac.authorization.k8s.io shop/there",
    ]


def test_parameters_of_a_class_are_looked_for_where_it_says_that_they_are(world: ImportWorld) -> None:
    def ingress_class(name: str, **parameters: str) -> list[dict[str, object]]:
        spec = {"parameters": {"kind": "ConfigMap", "name": name, "scope": "Namespace", **parameters}}
        ingress = of_kind("networking.k8s.io/v1", "Ingress", name, spec={"ingressClassName": name})
        return [ingress, of_kind("networking.k8s.io/v1", "IngressClass", name, "", spec=spec)]

    outcome = world.import_(
        namespace("shop"),
        config_map("held"),
        *ingress_class("held", namespace="shop"),
        *ingress_class("missed", namespace="infra"),
    )

    assert outcome.details["not_in_files"] == ["ConfigMap infra/missed"]


def test_objects_of_other_namespaces_are_left_out_and_counted(world: ImportWorld) -> None:
    world.import_(namespace("shop"), namespace("other"), of_kind("v1", "Secret", "s", "other"))
    assert world.names() == ["Namespace/shop"]
    assert world.left_out() == {"of_another_namespace": 2}


def test_cluster_scoped_objects_are_taken_as_far_as_they_are_needed(world: ImportWorld) -> None:
    aggregated = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"part": "yes"}}]}}
    world.import_(
        role("part", metadata={"labels": {"part": "yes"}}),
        role("whole", **aggregated),
        role("unneeded"),
        of_kind("scheduling.k8s.io/v1", "PriorityClass", "high", "", value=1),
        of_kind("storage.k8s.io/v1", "StorageClass", "slow", ""),
        namespace("shop"),
        binding("b", "whole"),
        deployment("web", priorityClassName="high"),
    )
    assert world.names() == [
        "ClusterRole/part",
        "ClusterRole/whole",
        "Deployment/web",
        "Namespace/shop",
        "PriorityClass/high",
        "RoleBinding/b",
    ]
    assert world.left_out() == {"not_needed_by_its_namespaces": 2}


def test_all_cluster_scoped_objects_are_taken_where_that_is_asked_for(world: ImportWorld) -> None:
    built_in = role("edit", metadata={"labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}})
    world.import_(namespace("shop"), role("unneeded"), built_in, keep_all=True)
    assert world.names() == ["ClusterRole/unneeded", "Namespace/shop"]
    assert sum(world.left_out().values()) == 1


def test_definitions_of_custom_resources_in_the_snapshot_are_taken(world: ImportWorld) -> None:
    world.import_(
        of_kind("example.com/v1", "Goose", "gus"),
        namespace("shop"),
        definition("Goose", "geese"),
        definition("Mouse", "mice"),
    )
    assert world.names() == ["CustomResourceDefinition/geese.example.com", "Goose/gus", "Namespace/shop"]


def working_on(group: str) -> list[dict[str, object]]:
    return [{"apiGroups": [group], "resources": ["*"], "verbs": ["*"]}]


def test_definitions_that_a_controller_of_the_namespaces_works_on_are_taken(world: ImportWorld) -> None:
    subjects = [{"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}]
    bound = binding("b", "operator")["roleRef"]
    world.import_(
        namespace("shop"),
        of_kind(RBAC, "ClusterRole", "operator", "", rules=working_on("example.com")),
        of_kind(RBAC, "ClusterRole", "another", "", rules=working_on("other.example.com")),
        of_kind(RBAC, "ClusterRoleBinding", "b", "", roleRef=bound, subjects=subjects),
        definition("Goose", "geese"),
    )
    assert world.names() == [
        "ClusterRole/operator",
        "ClusterRoleBinding/b",
        "CustomResourceDefinition/geese.example.com",
        "Namespace/shop",
    ]


def test_controllers_roles_count_for_nothing_where_the_group_does_not_carry_roles(world: ImportWorld) -> None:
    object.__setattr__(world.group, "exclude_kinds", Kinds(names=frozenset({"ClusterRole"})))
    operator = of_kind(RBAC, "ClusterRole", "operator", "", rules=working_on("example.com"))
    world.import_(namespace("shop"), operator, binding("b", "operator"), definition("Goose", "geese"))
    assert world.names() == ["Namespace/shop", "RoleBinding/b"]


def test_parts_of_the_server_s_own_roles_are_taken_though_no_file_holds_those(world: ImportWorld) -> None:
    labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    world.import_(namespace("shop"), role("geese-view", metadata={"labels": labels}), binding("people", "admin"))
    assert world.names() == ["ClusterRole/geese-view", "Namespace/shop", "RoleBinding/people"]


def test_what_the_group_includes_is_taken_and_missed_where_it_is_not_there(world: ImportWorld) -> None:
    object.__setattr__(
        world.group,
        "include",
        (IncludedObject(kind="ClusterRole", name="extra"), IncludedObject(kind="StorageClass", name="x")),
    )
    outcome = world.import_(namespace("shop"), role("extra"))
    assert world.names() == ["ClusterRole/extra", "Namespace/shop"]
    assert outcome.verdict is Verdict.INCOMPLETE
    assert world.raw().failures == ("spec.include StorageClass x: the files have no such object",)


def test_a_namespace_that_no_file_describes_is_added(world: ImportWorld) -> None:
    outcome = world.import_(config_map("a"))
    assert outcome.details["added_namespaces"] == ["shop"]
    assert world.names() == ["ConfigMap/a", "Namespace/shop"]


def test_a_namespace_of_the_group_of_which_there_is_nothing_is_refused(world: ImportWorld) -> None:
    assert told(world.import_(namespace("other"))).startswith(
        "the files hold nothing of namespace shop, which group shop"
    )


def test_namespaces_come_in_the_order_of_the_group(world: ImportWorld) -> None:
    object.__setattr__(world.group, "namespaces", ("shop", "base"))
    world.import_(namespace("base"), namespace("shop"))
    assert world.raw().namespaces == ("shop", "base")


def test_without_names_every_namespace_but_the_excluded_ones_is_taken(world: ImportWorld) -> None:
    object.__setattr__(world.group, "namespaces", ())
    world.import_(namespace("b"), namespace("a"), namespace("kube-system"))
    assert world.raw().namespaces == ("a", "b")


def test_a_namespace_that_is_being_deleted_makes_the_snapshot_incomplete(world: ImportWorld) -> None:
    object.__setattr__(world.group, "namespaces", ("shop", "old"))
    going = of_kind("v1", "Namespace", "old", "", metadata={"deletionTimestamp": "2026-11-22T12:00:00Z"})
    assert world.import_(namespace("shop"), going).verdict is Verdict.INCOMPLETE
    assert world.raw().failures == ("core/namespaces: old is being deleted",)


def test_objects_without_a_namespace_get_the_one_that_was_asked_for(world: ImportWorld) -> None:
    world.import_(
        of_kind("v1", "ConfigMap", "a", ""), role("r", metadata={"namespace": "shop"}), namespace="shop", keep_all=True
    )
    assert sorted(str(entry.ref) for entry in world.raw().entries) == [
        "ClusterRole.rbac.authorization.k8s.io r",
        "ConfigMap shop/a",
        "Namespace shop",
    ]


def test_an_object_that_needs_a_namespace_and_names_none_is_refused(world: ImportWorld) -> None:
    outcome = world.import_(namespace("shop"), of_kind("v1", "ConfigMap", "a", ""))
    assert told(outcome) == "shop.yaml:2: ConfigMap a names no namespace; name it, or give --namespace"


def test_the_same_object_twice_is_taken_once(world: ImportWorld) -> None:
    world.import_(namespace("shop"), config_map("a"), config_map("a"))
    assert world.names() == ["ConfigMap/a", "Namespace/shop"]


def test_an_object_that_says_two_things_is_refused_with_both_places(world: ImportWorld) -> None:
    outcome = world.import_(namespace("shop"), config_map("a", tea="1"), config_map("a", tea="2"))
    assert told(outcome) == (
        "shop.yaml:3: ConfigMap shop/a is in shop.yaml:2 too, and says something else there; leave one out"
    )


def test_every_problem_is_told_with_its_place(world: ImportWorld) -> None:
    outcome = world.import_(namespace("shop"), of_kind("v1", "Deployment", "a"), of_kind("apps/v1", "Deploymnt", "b"))
    assert told(outcome).endswith("(and 1 more)")
    assert [problem.split(":")[:2] for problem in outcome.details["problems"]] == [
        ["shop.yaml", "2"],
        ["shop.yaml", "3"],
    ]


def test_a_secret_is_stored_as_a_server_would_have_it(world: ImportWorld) -> None:
    data = {"data": {"a": "MQ==", "b": "Mg=="}, "stringData": {"b": "3", "on": "é"}}
    world.import_(
        namespace("shop"), of_kind("v1", "Secret", "s", **data), of_kind("v1", "Secret", "t", stringData=None)
    )
    unsealer = keyring().unsealer(world.raw(), SiteName("west"))
    stored = [unsealer.unseal(item.manifest) for item in world.snapshots("east").objects(world.raw())]
    objects = {manifest["metadata"]["name"]: manifest for manifest in stored}
    assert objects["s"]["data"] == {"a": "MQ==", "b": "Mw==", "on": "w6k="}
    assert not {"stringData", "data"} & objects["t"].keys()
    assert "stringData" not in objects["s"]


def test_no_more_problems_are_looked_for_than_anybody_reads(world: ImportWorld) -> None:
    outcome = world.import_(*(of_kind("v1", "Deployment", f"a{number}") for number in range(80)))
    assert len(outcome.details["problems"]) == 50


def test_files_without_any_namespace_of_the_group_are_refused(world: ImportWorld) -> None:
    object.__setattr__(world.group, "namespaces", ())
    assert told(world.import_(namespace("kube-system"))).startswith("the files hold no namespace of group shop")


@pytest.mark.parametrize(
    "manifest",
    [
        of_kind("v1", "Service", "a", spec=["x"]),
        of_kind("v1", "ServiceAccount", "a", secrets=[1]),
        of_kind("v1", "Pod", "a", status="x"),
        of_kind("v1", "Secret", "a", stringData={"a": 1}),
        of_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "a", "", spec={}),
        of_kind("v1", "ConfigMap", "a", metadata={"labels": ["x"]}),
        of_kind(RBAC, "ClusterRole", "a", "", rules=[{"resources": ["x"], "verbs": "*", "apiGroups": 1}]),
        of_kind(RBAC, "ClusterRole", "a", "", aggregationRule={"clusterRoleSelectors": ["x"]}),
    ],
)
def test_fields_of_the_wrong_type_are_told_and_nothing_is_written(
    world: ImportWorld, manifest: dict[str, object]
) -> None:
    outcome = world.import_(namespace("shop"), manifest)
    assert told(outcome).startswith("shop.yaml:2: ")
    assert not [key for key in world.data("east").objects if key.startswith("raw/")]


def test_an_object_that_cannot_be_stored_is_told_with_its_place(world: ImportWorld) -> None:
    deep: object = "x"
    for _ in range(220):
        deep = {"a": deep}
    assert "shop.yaml:2: " in told(world.import_(namespace("shop"), of_kind("v1", "ConfigMap", "a", data=deep)))


def test_the_state_is_as_old_as_the_archive(world: ImportWorld) -> None:
    yesterday = world.clock.now() - timedelta(days=1)
    world.import_(namespace("shop"), as_of=yesterday)
    assert world.raw().taken_at == yesterday


def test_a_clock_that_is_ahead_does_not_make_the_state_newer_than_now(world: ImportWorld) -> None:
    now = world.clock.now()
    world.import_(namespace("shop"), as_of=now + timedelta(days=1))
    assert world.raw().taken_at == now


def test_a_request_whose_event_was_lost_is_carried_out_after_a_tick(world: ImportWorld) -> None:
    request = world.ask_import(namespace("shop"), config_map("prices", tea="2"))
    world.lose_events()
    world.clock.advance(60)
    world.tick()
    world.settle()
    assert world.outcome("east", request).verdict is Verdict.DONE


def test_a_tick_deletes_payloads_that_nobody_waits_for(world: ImportWorld) -> None:
    world.import_(namespace("shop"))
    unasked = world.upload([namespace("shop")])
    world.clock.advance(3601)
    waiting = world.ask_import(namespace("shop"))
    world.lose_events()
    world.clock.advance(3601)
    assert world.tick()["failed"] == 0
    left = [key for key in world.control("east").objects if key.startswith("imports/")]
    assert waiting.order is not None
    assert left == [layout.import_key(SHOP, waiting.order.payload)]
    assert layout.import_key(SHOP, unasked.payload) not in left


def test_a_fresh_payload_is_left_to_the_request_that_is_about_to_come(world: ImportWorld) -> None:
    order = world.upload([namespace("shop")])
    world.tick()
    assert layout.import_key(SHOP, order.payload) in world.control("east").objects
