"""What `kubestandby rbac` prints, by what the group's configuration says."""

from dataclasses import replace

import pytest

from kubestandby.groups import ConflictPolicy, IncludedObject, Kinds
from kubestandby.privileges import ANY
from kubestandby.resources import GVK
from kubestandby.rights.grants import Duty
from kubestandby.rights.manifests import rbac_objects
from kubestandby.rights.sources import Sources
from kubestandby.rights.subjects import Subject
from kubestandby.snapshots import GroupName, TypeSummary
from kubestandby.transforms import NamespaceTransform
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import config_map, custom, definition, namespace, secret, workload
from tests.unit.rights.samples import binding, granted, group_with, objects, role, rule_text, rules, sources

APP = (
    namespace(),
    config_map(),
    secret(),
    workload(),
    definition(),
    custom(),
    role("reader"),
    role("watcher", verbs=("get", "watch")),
    binding("reads", "reader"),
    binding("watches", "watcher"),
    binding("looks", "view", kind="ClusterRole"),
    role("nodes", "", verbs=("watch",)),
    binding("nodes", "nodes", ""),
)
EVERYTHING = Kinds(every=True)


@pytest.mark.parametrize("duty", [Duty.EXPORT, Duty.RESTORE])
@pytest.mark.parametrize("conflict", [ConflictPolicy.APPLY, ConflictPolicy.REPLACE])
def test_there_are_no_wildcards_and_nothing_that_leads_to_more_rights(duty: Duty, conflict: ConflictPolicy):
    group = group_with(conflict=conflict, prune=True, recreate=EVERYTHING)
    group = replace(group, rights=replace(group.rights, allow=EVERYTHING))

    found = rules(objects(duty, group, sources(*APP)))

    assert found
    for one, rule in found:
        assert ANY not in "".join((*rule.groups, *rule.resources, *rule.verbs, *rule.names)), one["metadata"]
        assert not {"escalate", "impersonate", "deletecollection"} & set(rule.verbs)
        assert "bind" not in rule.verbs or rule.names
        assert not any("/" in resource for resource in rule.resources)


def test_the_same_rights_give_the_same_objects():
    known = sources(*APP)
    turned = replace(known, access=known.access[::-1])

    assert objects(Duty.RESTORE, group_with(), known) == objects(Duty.RESTORE, group_with(), turned)


def test_an_export_lists_and_reads_no_more_than_namespaces_by_name():
    made = objects(Duty.EXPORT, group_with(), sources(*APP))

    verbs = {verb for _, rule in rules(made) for verb in rule.verbs}
    assert verbs == {"get", "list"}
    assert rule_text(made, "namespaces") == {("kubestandby-export-shop.cluster", "get", "kube-system shop")}
    assert rule_text(made, "tickets") == {("kubestandby-export-shop", "list", "")}
    assert rule_text(made, "events") == rule_text(made, "leases") == set()


def test_an_export_of_all_namespaces_is_bound_everywhere():
    made = objects(Duty.EXPORT, replace(group_with(allow=("Secret",)), namespaces=()), sources(*APP))

    assert not [one for one in made if one["kind"] in ("Role", "RoleBinding")]
    assert ("kubestandby-export-shop.secrets", "list", "") in rule_text(made, "secrets")
    assert ("kubestandby-export-shop.cluster", "list", "") in rule_text(made, "namespaces")


def test_what_the_configuration_includes_is_read_by_name():
    group = replace(group_with(), include=(IncludedObject(kind="PriorityClass", name="first"),))

    found = rule_text(objects(Duty.EXPORT, group, sources(*APP)), "priorityclasses")

    assert ("kubestandby-export-shop.cluster", "get", "first") in found


@pytest.mark.parametrize(("duty", "verbs"), [(Duty.EXPORT, "list"), (Duty.RESTORE, "get list create patch")])
def test_secrets_are_a_role_of_their_own_for_groups_that_allow_it(duty: Duty, verbs: str):
    known = sources(*APP)

    refused, allowed = objects(duty, group_with(), known), objects(duty, group_with(allow=("Secret",)), known)

    assert rule_text(refused, "secrets") == set()
    assert any("Secret" in note and "spec.rights.allow" in note for note in granted(duty, group_with(), known).notes)
    assert rule_text(allowed, "secrets") == {(f"kubestandby-{duty}-shop.secrets", verbs, "")}
    (own,) = [one for one, rule in rules(allowed) if "secrets" in rule.resources]
    assert (own["kind"], own["metadata"]["namespace"], len(own["rules"])) == ("Role", "shop", 1)


@pytest.mark.parametrize("duty", [Duty.EXPORT, Duty.RESTORE])
def test_a_group_that_does_not_carry_secrets_gets_no_rights_on_them(duty: Duty):
    group = group_with(allow=("Secret",), exclude=("Secret",))

    assert rule_text(objects(duty, group, sources(*APP)), "secrets") == set()
    assert not any("Secret" in note for note in granted(duty, group, sources(*APP)).notes)


@pytest.mark.parametrize(
    ("settings", "verbs"),
    [
        ({}, "get list create patch"),
        ({"prune": True}, "get list create patch delete"),
        ({"recreate": Kinds(names=frozenset({"ConfigMap"}))}, "get list create patch delete"),
        ({"recreate": Kinds(names=frozenset({"Job"}))}, "get list create patch"),
        ({"conflict": ConflictPolicy.REPLACE}, "get list create patch update"),
    ],
)
def test_deleting_and_replacing_are_granted_only_to_groups_that_do_it(settings: dict[str, object], verbs: str):
    found = rule_text(objects(Duty.RESTORE, group_with(**settings), sources(*APP)), "configmaps")

    assert ("kubestandby-restore-shop", verbs, "") in found


def test_claims_namespaces_and_definitions_are_never_deleted():
    group = group_with(allow=("CustomResourceDefinition",), prune=True, recreate=EVERYTHING)
    made = objects(Duty.RESTORE, group, sources(*APP))

    kept = {"persistentvolumeclaims", "namespaces", "customresourcedefinitions", "persistentvolumes"}
    assert not [rule for _, rule in rules(made) if "delete" in rule.verbs and kept & set(rule.resources)]
    assert rule_text(made, "customresourcedefinitions") >= {
        ("kubestandby-restore-shop.cluster", "get create patch", "tickets.shop.example")
    }


def test_cluster_scoped_objects_are_granted_by_name():
    made = objects(Duty.RESTORE, group_with(), sources(*APP))

    found = {text for kind in ("clusterroles", "clusterrolebindings") for text in rule_text(made, kind)}
    assert ("kubestandby-restore-shop.cluster", "get create patch", "nodes") in found
    assert all(names for _, _, names in found)
    assert rule_text(made, "customresourcedefinitions") == {
        ("kubestandby-restore-shop.cluster", "get", "tickets.shop.example")
    }


def test_custom_kinds_are_those_of_the_snapshot():
    cluster_serves_more = sources(*APP)
    without = replace(cluster_serves_more, index=sources(namespace(), config_map()).index, access=())

    assert rule_text(objects(Duty.RESTORE, group_with(), cluster_serves_more), "tickets")
    assert not rule_text(objects(Duty.RESTORE, group_with(), without), "tickets")


def test_what_the_site_does_not_serve_is_not_granted_unless_it_comes_as_a_definition():
    known = sources(*APP)
    assert known.index is not None
    gone = TypeSummary(gvk=GVK("apps", "v1beta1", "Gone"), plural="gones", count=1, namespaced=True)
    known = replace(
        known, discovery=FakeCluster().discover(), index=replace(known.index, types=(*known.index.types, gone))
    )

    assert not rule_text(objects(Duty.EXPORT, group_with(), known), "gones")
    assert not rule_text(objects(Duty.RESTORE, group_with(), known), "gones")
    assert rule_text(objects(Duty.RESTORE, group_with(), known), "tickets")


def test_an_api_group_that_does_not_answer_is_told_from_the_snapshot():
    silent = FakeCluster()
    silent.silent_groups = {"apps": "503"}
    known = replace(sources(*APP), discovery=silent.discover())

    assert rule_text(objects(Duty.EXPORT, group_with(), known), "deployments")
    assert not rule_text(objects(Duty.EXPORT, group_with(), known), "statefulsets")


def test_a_restore_binds_by_name_what_it_could_not_hand_out_itself():
    made = objects(Duty.RESTORE, group_with(), sources(*APP))

    assert rule_text(made, "roles") >= {("kubestandby-restore-shop.bind", "bind", "watcher")}
    assert {text for text in rule_text(made, "clusterroles") if "bind" in text[1]} == {
        ("kubestandby-restore-shop.bind", "bind", "view"),
        ("kubestandby-restore-shop.bind-cluster", "bind", "nodes"),
    }


def test_roles_with_more_rights_than_the_restore_are_for_an_administrator():
    found = granted(Duty.RESTORE, group_with(), sources(*APP))

    assert {one["metadata"]["name"] for one in found.by_hand} == {"watcher", "nodes"}
    assert any(note.startswith("Role.rbac.authorization.k8s.io shop/watcher holds rights") for note in found.notes)


@pytest.mark.parametrize(
    "rules",
    [
        [{"apiGroups": ["*"], "resources": ["pods"], "verbs": ["get"]}],
        [{"apiGroups": [""], "resources": ["*"], "verbs": ["get"]}],
        [{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["escalate"]}],
        [{"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]}],
        [{"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]}],
    ],
    ids=["groups", "resources", "escalate", "impersonate", "token"],
)
def test_a_role_that_leads_to_more_rights_is_never_bound_by_a_restore(rules: list[dict[str, list[str]]]):
    powerful = (role("powerful", rules=rules), binding("power", "powerful"))

    found = granted(Duty.RESTORE, group_with(), sources(namespace(), *powerful))

    assert not [one for one in found.grants if one.part == "bind"]
    assert {one["kind"] for one in found.by_hand} == {"Role", "RoleBinding"}


def test_nor_are_cluster_admin_and_aggregated_roles():
    access = (
        binding("root", "cluster-admin", "", kind="ClusterRole"),
        binding("edits", "edit", "", kind="ClusterRole"),
        role("sum", "", aggregationRule={"clusterRoleSelectors": [{}]}, rules=[]),
        binding("sum", "sum", ""),
    )

    found = granted(Duty.RESTORE, group_with(), sources(namespace(), *access))

    assert not [one for one in found.grants if one.part.startswith("bind")]
    assert {one["metadata"]["name"] for one in found.by_hand} == {"root", "edits", "sum"}


def test_roles_are_bound_in_the_namespaces_as_they_are_called_at_the_site():
    renaming = NamespaceTransform(name="west", names={"shop": "shop-west"})
    group = replace(group_with(allow=("Secret",)), transforms=(renaming,))

    made = objects(Duty.RESTORE, group, sources(*APP))

    bound = {one["metadata"]["namespace"] for one in made if one["kind"] in ("Role", "RoleBinding")}
    assert {"shop-west", "kubestandby-system"} == bound - {"shop"}  # `bind` is of the sample's snapshot, not renamed
    assert "shop-west" in {one["metadata"]["name"] for one in made if one["kind"] == "Namespace"}


def test_own_records_are_granted_by_name_and_those_of_others_only_to_who_prunes():
    own = ("kubestandby-restore-shop.state", "get create patch", "kubestandby-shop")
    listing = ("kubestandby-restore-shop.state", "list", "")

    plain = rule_text(objects(Duty.RESTORE, group_with(), sources(*APP)), "configmaps")
    pruning = rule_text(objects(Duty.RESTORE, group_with(prune=True), sources(*APP)), "configmaps")

    assert own in plain
    assert listing not in plain
    assert pruning >= {own, listing}


def test_a_subject_of_ones_own_needs_no_service_account():
    subject = Subject.parse("Group:ocid1.dynamicgroup.oc1..aaaa")
    made = objects(Duty.RESTORE, group_with(), sources(*APP), subject)

    assert not [one for one in made if one["kind"] == "ServiceAccount"]
    subjects = [one["subjects"] for one in made if "subjects" in one]
    assert all(
        found == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": subject.name}]
        for found in subjects
    )


def test_two_groups_share_an_identity_and_nothing_else():
    other = replace(group_with(), name=GroupName("shop-cluster"), namespaces=("till",))
    known = sources(*APP)
    both = [(group, granted(Duty.RESTORE, group, known)) for group in (group_with(), other)]

    made = rbac_objects(both, Duty.RESTORE, Subject.parse("User:restorer"))

    named = [(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in made]
    assert len(named) == len(set(named))
    assert ("RoleBinding", "till", "kubestandby-restore-shop-cluster") in named
    assert ("RoleBinding", "shop", "kubestandby-restore-shop") in named


def test_without_a_snapshot_nothing_cluster_scoped_is_granted_to_a_restore():
    known = Sources(discovery=sources().discovery)

    made = objects(Duty.RESTORE, group_with(), known)

    assert not [rule for _, rule in rules(made) if "clusterroles" in rule.resources]
    assert rule_text(made, "deployments")


def test_of_an_older_snapshot_the_objects_tell_what_has_a_namespace():
    known = sources(*APP)
    assert known.index is not None
    types = tuple(replace(one, namespaced=None) for one in known.index.types)
    empty = replace(types[0], gvk=GVK("shop.example", "v1", "Empty"), plural="empties", count=0)
    old = replace(known, discovery=None, index=replace(known.index, types=(*types, empty)))

    assert rule_text(objects(Duty.RESTORE, group_with(), old), "tickets")
    assert old.untold == ("Empty.shop.example",)
    assert not rule_text(objects(Duty.EXPORT, group_with(), old), "empties")
