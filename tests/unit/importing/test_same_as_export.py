"""What a cluster holds and what files hold make one snapshot: an import chooses what an export chooses."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.export.built_in_types import BUILT_IN_TYPES
from kubestandby.adapters.manifest_files.documents import read_manifests
from kubestandby.cli.packing import pack
from kubestandby.groups import IncludedObject
from kubestandby.layout import Action
from kubestandby.resources import Manifest, ObjectRef
from kubestandby.snapshots import SiteName, SnapshotIndex, Stage
from tests.corpus.steps import Verb, corpus
from tests.fakes.fake_cluster import BUILT_IN, FakeCluster
from tests.fakes.keys import keyring
from tests.unit.export.objects import cluster_role, cluster_role_binding, definition, obj, role_binding
from tests.unit.importing.importing import SHOP, ImportWorld, deployment, namespace

ROBOT = {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}
AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
SERVED_BY_TESTS = {type_.gvk.group_kind for type_ in BUILT_IN}
TOO_LARGE = 100_000


def working_on(plural: str, group: str, *verbs: str) -> dict[str, Any]:
    return {"rules": [{"apiGroups": [group], "resources": [plural], "verbs": list(verbs)}]}


def parts(label: str) -> dict[str, Any]:
    return {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {label: "true"}}]}}


def servers_own() -> list[Manifest]:
    """As every API server makes them, with what it has filled in."""
    made = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    filled = working_on("bills", "bills.example.com", "*")
    return [
        cluster_role("admin", labels=made, **{**filled, **parts(f"{AGGREGATE}admin")}),
        cluster_role("edit", labels={**made, f"{AGGREGATE}admin": "true"}, **{**filled, **parts(f"{AGGREGATE}edit")}),
        cluster_role("view", labels={**made, f"{AGGREGATE}edit": "true"}, **{**filled, **parts(f"{AGGREGATE}view")}),
    ]


def operators() -> list[Manifest]:
    """Controllers of the namespace, those of others, and what they and their users have in the cluster."""
    working = working_on("*", "orders.example.com", "*")
    return [
        namespace("shop"),
        obj("v1", "ServiceAccount", "robot", "shop", labels={"a": "b"}),
        definition("orders", "Order", group="orders.example.com"),
        definition("queues", "Queue", group="queues.example.com"),
        definition("bills", "Bill", group="bills.example.com"),
        definition("notes", "Note", group="notes.example.com"),
        cluster_role("operator", **working),
        cluster_role_binding("operator", "operator", ROBOT),
        cluster_role("orders-view", **working_on("orders", "orders.example.com", "get")),
        cluster_role("queues-whole", **{**working_on("queues", "queues.example.com", "*"), **parts("queues")}),
        cluster_role("queues-part", labels={"queues": "true"}, **working_on("queues", "queues.example.com", "*")),
        cluster_role_binding("queues", "queues-whole", ROBOT),
        cluster_role(
            "bills-edit", labels={f"{AGGREGATE}view": "true"}, **working_on("bills", "bills.example.com", "*")
        ),
        role_binding("people", "admin"),
        cluster_role("unneeded", **working_on("notes", "notes.example.com", "*")),
    ]


def classes() -> list[Manifest]:
    """What is named, what that names in turn, what points in, what labels ask for, and what nobody needs."""
    admission, flow, storage = "admissionregistration.k8s.io/v1", "flowcontrol.apiserver.k8s.io/v1", "storage.k8s.io/v1"
    asked, meant = {"kubestandby.dev/include": "shop"}, {"maak8sapply": "shop"}
    parameters = {"apiGroup": "example.com", "kind": "Params", "name": "defaults"}
    bound = {"claimRef": {"namespace": "shop", "name": "data"}, "storageClassName": "fast"}
    hooks = [{"clientConfig": {"service": {"namespace": "shop", "name": "web"}}}]
    serving = {"group": "bills.example.com", "service": {"namespace": "shop", "name": "web"}}
    return [
        namespace("shop"),
        definition("params", "Params", scope="Cluster"),
        deployment("web", priorityClassName="high", runtimeClassName="gvisor"),
        obj("networking.k8s.io/v1", "Ingress", "web", "shop", spec={"ingressClassName": "nginx"}),
        obj("networking.k8s.io/v1", "IngressClass", "nginx", spec={"parameters": parameters}),
        *(obj("example.com/v1", "Params", name) for name in ("defaults", "others")),
        *(obj("scheduling.k8s.io/v1", "PriorityClass", name) for name in ("high", "low")),
        obj("scheduling.k8s.io/v1", "PriorityClass", "labelled", labels=asked),
        obj("node.k8s.io/v1", "RuntimeClass", "gvisor"),
        obj("v1", "PersistentVolumeClaim", "data", "shop", spec={"volumeName": "pv"}),
        obj("v1", "PersistentVolume", "pv", spec=bound),
        obj("v1", "PersistentVolume", "another", spec={}),
        *(obj(storage, "StorageClass", name) for name in ("fast", "slow")),
        obj(storage, "CSIDriver", "csi.example.com", labels=meant),
        obj(admission, "ValidatingWebhookConfiguration", "ours", webhooks=hooks),
        obj(admission, "MutatingWebhookConfiguration", "theirs", webhooks=[]),
        obj(admission, "ValidatingAdmissionPolicyBinding", "mine", labels=asked, spec={"policyName": "strict"}),
        *(obj(admission, "ValidatingAdmissionPolicy", name) for name in ("strict", "loose")),
        obj(flow, "FlowSchema", "mine", labels=asked, spec={"priorityLevelConfiguration": {"name": "batch"}}),
        *(obj(flow, "PriorityLevelConfiguration", name) for name in ("batch", "other")),
        obj("apiregistration.k8s.io/v1", "APIService", "v1.bills.example.com", spec=serving),
        cluster_role("bills-view", **working_on("bills", "bills.example.com", "get")),
        cluster_role("labelled", labels=asked, **working_on("notes", "notes.example.com", "*")),
        definition("notes", "Note", group="notes.example.com"),
    ]


def whole_corpus() -> list[Manifest]:
    """The corpus as it is authored, but for edits of what is there and what takes long; each object once."""
    steps = [step for step in corpus() if step.verb not in (Verb.PATCHED, Verb.REPLACED)]
    authored = [item for step in steps for item in step.manifests if len(str(item)) < TOO_LARGE]
    return list({ObjectRef.of(item).identity: item for item in authored if "name" in item["metadata"]}.values())


SETS = {"operators": operators(), "classes": classes(), "corpus": whole_corpus()}


def world_of(manifests: Iterable[Manifest]) -> ImportWorld:
    world = ImportWorld()
    refs = [ObjectRef.of(item) for item in manifests]
    names = [ref.name for ref in refs if ref.gvk.group_kind == ("", "Namespace")]
    object.__setattr__(world.group, "namespaces", tuple(names))
    included = [IncludedObject(kind=ref.gvk.kind, name=ref.name) for ref in refs if ref.name == "corpus-batch"]
    object.__setattr__(world.group, "include", tuple(included))
    world.clusters[SiteName("east")] = FakeCluster(uid="uid-east")
    return world


def put(cluster: FakeCluster, manifests: Iterable[Manifest]) -> None:
    """Puts them into the cluster, which serves whatever Kubernetes does."""
    for kind, type_ in BUILT_IN_TYPES.items():
        if kind not in SERVED_BY_TESTS:
            cluster.serve(type_.at("v1").gvk.api_version, kind[1], type_.plural, namespaced=type_.namespaced)
    cluster.put(*servers_own(), *manifests)


def chosen(index: SnapshotIndex) -> set[str]:
    return {str(entry.ref) for entry in index.entries}


def imported(manifests: Iterable[Manifest], *, like: ImportWorld) -> set[str]:
    """What a fresh import of the same group takes, at a primary that serves no custom kinds."""
    world = ImportWorld()
    object.__setattr__(world.group, "namespaces", like.group.namespaces)
    object.__setattr__(world.group, "include", like.group.include)
    outcome = world.import_(*manifests)
    assert outcome.snapshot, outcome
    return chosen(world.raw())


@pytest.mark.parametrize("name", SETS)
def test_an_import_takes_what_an_export_of_the_same_objects_takes(name: str) -> None:
    world = world_of(SETS[name])
    put(world.clusters[SiteName("east")], SETS[name])
    world.do("east", Action.EXPORT)
    assert imported(SETS[name], like=world) == chosen(world.raw())


@pytest.mark.parametrize("stage", [Stage.RAW, Stage.SANITIZED])
@pytest.mark.parametrize("name", SETS)
def test_a_folder_that_was_packed_is_imported_whole(name: str, stage: Stage, tmp_path: Path) -> None:
    world = world_of(SETS[name])
    put(world.clusters[SiteName("east")], SETS[name])
    world.do("east", Action.EXPORT)
    store = world.snapshots("east" if stage is Stage.RAW else "west")
    index = store.newest(stage, SHOP)
    assert index is not None
    pack(index, store.objects(index), tmp_path / "out", keyring().unsealer(index, SiteName("west")).unseal)
    assert imported(read_back(tmp_path / "out"), like=world) == chosen(index)


def read_back(folder: Path) -> Iterator[Manifest]:
    for path in sorted(folder.rglob("*.yaml")):
        yield from (written.manifest for written in read_manifests(path.read_bytes(), path.name))
