"""From a right that is missing to the words for it and the objects to apply."""

from dataclasses import replace

import pytest
import yaml

from kubestandby.errors import ClusterError
from kubestandby.privileges import HeldRules, Right, Rule
from kubestandby.rights.grants import Duty
from kubestandby.rights.missing import Held, Missing, needs_privilege, not_held
from kubestandby.rights.refused import refused_right
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import WEST
from tests.unit.rights.samples import granted, group_with, role, sources

ANSWERED = "cluster of site west (kubeconfig /k, context c) answered 403 Forbidden: "
LISTING = Right(verb="list", group="", resource="secrets", namespace="shop")
PODS = Rule(groups=("",), resources=("pods",), verbs=("get",))


IN_SHOP = ' in API group "" in the namespace "shop"'
CLUSTER_WIDE = ' in API group "rbac.authorization.k8s.io" at the cluster scope'


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (f'secrets is forbidden: User "a:b" cannot list resource "secrets"{IN_SHOP}', LISTING),
        (
            f'clusterroles.x "a:b" is forbidden: User "u" cannot patch resource "clusterroles"{CLUSTER_WIDE}',
            Right(verb="patch", group="rbac.authorization.k8s.io", resource="clusterroles", name="a:b"),
        ),
        (
            f'namespaces "shop" is forbidden: User "u" cannot get resource "namespaces"{IN_SHOP}',
            Right(verb="get", group="", resource="namespaces", name="shop"),
        ),
        (
            f'pods "web" is forbidden: User "u" cannot patch resource "pods"{IN_SHOP}',
            Right(verb="patch", group="", resource="pods", namespace="shop"),
        ),
        ('pods "x" is forbidden: exceeded quota: few', None),
        ("ValidatingAdmissionPolicy 'x' with binding 'y' denied request: no", None),
    ],
    ids=["list", "cluster-scoped", "namespace", "one-object", "quota", "policy"],
)
def test_which_right_a_server_has_refused(words: str, right: Right | None):
    assert refused_right(f"Secret shop/x: {ANSWERED}{words}") == right


def error_of(missing: Missing, user: str = "system:serviceaccount:dr:restorer") -> tuple[str, list[dict[str, object]]]:
    cluster = FakeCluster()
    cluster.user = user
    group = group_with()
    error = needs_privilege(cluster, Duty.RESTORE, group, group.site(WEST), missing)
    return str(error), [one for one in yaml.safe_load_all(str(error.needs["manifest"])) if one]


def test_it_names_identity_rights_and_objects():
    pods = Right(verb="patch", group="", resource="pods", namespace="shop")

    said, _ = error_of(Missing(rights={LISTING: "Secret shop/till", pods: ""}, by_hand=(role("watcher"),)))

    assert said == (
        "NeedsPrivilege: on the cluster of west, ServiceAccount dr/restorer may not list secrets in shop (for Secret"
        " shop/till), patch pods in shop, hand out what Role.rbac.authorization.k8s.io shop/watcher grants; an"
        " administrator applies the manifest that comes with this outcome; then ask again"
    )


def test_it_brings_what_is_missing_and_no_more():
    named = Right(verb="patch", group="", resource="namespaces", name="shop")

    _, objects = error_of(Missing(rights={LISTING: "", named: ""}, by_hand=(role("watcher"),)))

    assert [one["kind"] for one in objects] == ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Role"]
    assert objects[0]["rules"] == [
        {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": ["shop"], "verbs": ["patch"]}
    ]
    assert objects[3]["subjects"] == [{"kind": "ServiceAccount", "name": "restorer", "namespace": "dr"}]


def test_other_rights_make_other_objects_so_that_earlier_ones_stay():
    _, one = error_of(Missing(rights={LISTING: ""}))
    _, other = error_of(Missing(rights={replace(LISTING, verb="create"): ""}))

    assert one[0]["metadata"] != other[0]["metadata"]


def test_a_namespace_that_may_not_be_made_is_made_by_the_administrator():
    making = Right(verb="create", group="", resource="namespaces", name="shop")

    _, objects = error_of(Missing(rights={making: "", LISTING: ""}), user="jane")

    assert (objects[0]["kind"], objects[0]["metadata"]["name"]) == ("Namespace", "shop")
    assert not [one for one in objects if "namespaces" in str(one.get("rules"))]
    assert objects[-1]["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jane"}]


def test_rights_are_asked_for_once_per_namespace():
    cluster = FakeCluster()
    cluster.held = {"shop": (PODS,)}
    held = Held(cluster)

    answers = [held.allows(Right(verb=verb, group="", resource="pods", namespace="shop")) for verb in ("get", "list")]
    elsewhere = held.allows(Right(verb="get", group="", resource="pods", namespace="till"))

    assert (answers, elsewhere) == ([True, False], False)
    asked = [call[2] for call in cluster.calls if call[0] == "rules"]
    assert asked == ["kubestandby-nowhere", "shop", "till"]


def test_a_server_that_does_not_tell_is_tried(monkeypatch: pytest.MonkeyPatch):
    cluster = FakeCluster()
    cluster.fail("rules", ClusterError("404", status=404))

    assert Held(cluster).allows(LISTING)


def test_where_rules_are_not_all_told_each_right_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    cluster = FakeCluster()
    monkeypatch.setattr(cluster, "rules", lambda _: HeldRules(complete=False))
    monkeypatch.setattr(cluster, "may", lambda right: right == LISTING)

    assert Held(cluster).allows(LISTING)
    assert not Held(cluster).allows(replace(LISTING, verb="create"))


def test_a_right_on_everything_is_asked_for_once(monkeypatch: pytest.MonkeyPatch):
    cluster, asked = FakeCluster(), []
    monkeypatch.setattr(cluster, "rules", lambda _: HeldRules(complete=False))
    monkeypatch.setattr(cluster, "may", lambda right: not asked.append(right))
    held = Held(cluster)

    assert all(held.allows(replace(LISTING, namespace=space, name=name)) for space in "abc" for name in "xyz")
    assert asked == [replace(LISTING, namespace="")]


def test_all_that_a_group_needs_is_missing_where_nothing_is_held():
    known, cluster = sources(), FakeCluster()
    cluster.held = {}
    wanted = granted(Duty.RESTORE, group_with(), known)

    none, some = not_held(wanted, Held(cluster)), not_held(wanted, Held(FakeCluster()))

    assert Right(verb="patch", group="apps", resource="deployments", namespace="shop") in none.rights
    assert not some
