"""What a restore may not do is found before its first write, and asked for with few requests."""

from typing import Any

import pytest

from functions.restore.restorer import Restorer
from kubestandby.errors import ClusterError
from kubestandby.groups import ConflictPolicy, Kinds, RestoreMode
from kubestandby.privileges import Right, Rule
from kubestandby.reports import Purpose
from kubestandby.resources import Manifest
from kubestandby.rights.missing import Missing
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import (
    NOON,
    WEST,
    config_map,
    definition,
    group,
    namespace,
    restore,
    secret,
    standby,
    stored,
    workload,
)
from tests.unit.rights.samples import binding, role

EVERYTHING = (Rule(groups=("*",), resources=("*",), verbs=("get", "list")),)
INVENTORY = Rule(groups=("",), resources=("configmaps",), verbs=("create", "patch"), names=("kubestandby-shop",))


def rule(resource: str, *verbs: str, group: str = "", names: tuple[str, ...] = ()) -> Rule:
    return Rule(groups=(group,), resources=(resource,), verbs=verbs, names=names)


class SeenError(Exception):
    """Stops a restore before its first write."""


def missing_on(
    cluster: FakeCluster, *manifests: Manifest, held: dict[str, tuple[Rule, ...]], **settings: Any
) -> Missing:
    """What is missing for a restore of these; nothing was written when that was said."""
    cluster.held = {"kubestandby-system": (INVENTORY,), **held, "": (*EVERYTHING, *held.get("", ()))}
    seen: list[Missing] = []
    snapshots, index = stored(*manifests)
    restorer = Restorer(cluster, snapshots, FakeClock(), on_missing=seen.append)
    before = list(cluster.writes)
    restorer.plan(group(**settings), WEST, index, mode=RestoreMode.HOT)
    assert cluster.writes == before
    return seen[0] if seen else Missing()


def right(verb: str, resource: str, namespace: str = "shop", **fields: str) -> Right:
    return Right(**{"verb": verb, "group": "", "resource": resource, "namespace": namespace, **fields})


def test_rights_to_make_what_is_not_there():
    found = missing_on(
        standby(namespace()), namespace(), secret(), config_map(), held={"shop": (rule("secrets", "patch"),)}
    )

    assert found.rights == {
        right("create", "configmaps"): "ConfigMap shop/settings",
        right("patch", "configmaps"): "ConfigMap shop/settings",
        right("create", "secrets"): "Secret shop/password",
    }


def test_rights_on_what_is_in_place_are_not_needed():
    cluster = standby()
    restore(cluster, namespace(), config_map(), secret())

    found = missing_on(cluster, namespace(), config_map(a="new"), secret(), held={})

    assert found.rights == {right("patch", "configmaps"): "ConfigMap shop/settings"}


def test_nothing_is_asked_where_nothing_is_to_be_written():
    cluster = standby()
    restore(cluster, namespace(), config_map())
    cluster.calls.clear()

    assert not missing_on(cluster, namespace(), config_map(), held={})
    assert [call for call in cluster.calls if call[0] == "rules"] == []


def asked(cluster: FakeCluster) -> list[str]:
    return sorted(call[2] for call in cluster.calls if call[0] == "rules")


def test_one_request_for_each_namespace():
    cluster = standby(namespace())

    missing_on(cluster, namespace(), config_map(), secret(), workload(), held={})

    assert asked(cluster) == ["kubestandby-nowhere", "kubestandby-system", "shop"]


def test_one_request_in_all_where_the_rights_are_cluster_wide():
    cluster = standby(namespace())

    missing_on(cluster, namespace(), config_map(), held={"": (rule("*", "*", group="*"),)})

    assert asked(cluster) == ["kubestandby-nowhere"]


def test_a_namespace_that_is_not_there_yet():
    found = missing_on(standby(), namespace(), held={})

    assert right("create", "namespaces", "", name="shop") in found.rights


def test_cluster_scoped_objects_by_their_names():
    allowed = rule("customresourcedefinitions", "patch", "create", group="apiextensions.k8s.io", names=("other",))

    found = missing_on(standby(), definition(), held={"": (allowed,)})

    names = {one.name for one in found.rights if one.resource == "customresourcedefinitions"}
    assert names == {"tickets.shop.example"}


def test_our_own_records():
    found = missing_on(standby(namespace()), namespace(), config_map(), held={"kubestandby-system": ()})

    assert right("patch", "configmaps", "kubestandby-system", name="kubestandby-shop") in found.rights
    assert right("create", "configmaps", "kubestandby-system", name="kubestandby-shop") in found.rights


def test_deleting_what_is_not_in_the_snapshot_any_more():
    cluster = standby()
    others = [config_map(name) for name in "abcdefgh"]
    restore(cluster, namespace(), *others, config_map("gone"), settings={"prune": True})

    found = missing_on(cluster, namespace(), *others, held={}, prune=True)

    assert found.rights == {right("delete", "configmaps"): "ConfigMap shop/gone"}


def test_recreating():
    cluster = standby()
    restore(cluster, namespace(), config_map(a="old"))
    refusal = ClusterError("ConfigMap: 422 Invalid: immutable", status=422, reason="Invalid")
    cluster.fail("apply", refusal, plural="configmaps", name="settings")

    found = missing_on(
        cluster, namespace(), config_map(a="new"), held={}, recreate=Kinds(names=frozenset({"ConfigMap"}))
    )

    assert {one.verb for one in found.rights} == {"patch", "delete", "create"}


def test_replacing_exactly():
    cluster = standby()
    restore(cluster, namespace(), config_map(a="old"))

    found = missing_on(cluster, namespace(), config_map(a="new"), held={}, conflict=ConflictPolicy.REPLACE)

    assert {one.verb for one in found.rights} == {"patch", "update"}


def test_a_type_that_may_not_be_read_is_asked_for_with_what_it_takes_to_write_it():
    cluster = standby(namespace())
    words = 'secrets is forbidden: User "u" cannot list resource "secrets" in API group "" in the namespace "shop"'
    cluster.fail("list", ClusterError(words, status=403, reason="Forbidden"), plural="secrets")

    found = missing_on(cluster, namespace(), secret(), held={})

    assert {one.verb for one in found.rights if one.resource == "secrets"} == {"list", "create", "patch"}


@pytest.mark.parametrize(
    ("held", "by_hand", "binds"),
    [
        ((), {"watcher"}, {"watcher"}),
        ((rule("roles", "bind", group="rbac.authorization.k8s.io", names=("watcher",)),), {"watcher"}, set()),
        ((rule("configmaps", "watch"),), set(), set()),
    ],
    ids=["neither", "may-bind", "holds-it-itself"],
)
def test_handing_out_rights(held: tuple[Rule, ...], by_hand: set[str], binds: set[str]):
    rbac = rule("roles", "patch", "create", group="rbac.authorization.k8s.io")
    also = rule("rolebindings", "patch", "create", group="rbac.authorization.k8s.io")
    watcher = role("watcher", verbs=("get", "watch"))

    found = missing_on(
        standby(namespace()), namespace(), watcher, binding("w", "watcher"), held={"shop": (rbac, also, *held)}
    )

    assert {one["metadata"]["name"] for one in found.by_hand} == by_hand
    assert {one.name or one.resource for one in found.rights if one.verb == "bind"} == binds
    assert {one for one in found.rights if one.verb != "bind"} == {
        right("patch", "configmaps", "kubestandby-system", name="kubestandby-shop")
    } & set(found.rights)


def test_a_binding_of_a_role_that_nobody_knows_is_tried_in_a_dry_run():
    cluster = standby(namespace())
    refusal = "rolebindings: user is attempting to grant RBAC permissions not currently held"
    cluster.fail("apply", ClusterError(refusal, status=403, reason="Forbidden"), plural="rolebindings")
    rules = {"shop": (rule("rolebindings", "patch", "create", group="rbac.authorization.k8s.io"),)}

    unknown = missing_on(cluster, namespace(), binding("b", "elsewhere", kind="ClusterRole"), held=rules)
    usual = missing_on(cluster, namespace(), binding("b", "view", kind="ClusterRole"), held=rules)

    assert [one["metadata"]["name"] for one in unknown.by_hand] == ["b"]
    assert [(one.verb, one.name) for one in usual.rights] == [("bind", "view")]


def test_a_restore_that_is_stopped_has_written_nothing():
    cluster = standby(namespace())
    cluster.held = {"": EVERYTHING}

    def stop(_: Missing) -> None:
        raise SeenError

    snapshots, index = stored(namespace(), config_map())
    restorer = Restorer(cluster, snapshots, FakeClock(), on_missing=stop)
    with pytest.raises(SeenError):
        restorer.restore(group(), WEST, index, mode=RestoreMode.HOT, purpose=Purpose.SYNC, requested_at=NOON)

    assert cluster.writes == []
