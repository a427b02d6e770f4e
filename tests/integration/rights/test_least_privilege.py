"""The pipeline on two real clusters under the rights that `kubestandby rbac` prints: granted against used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kubestandby.layout import Action, Function
from kubestandby.privileges import Right
from kubestandby.requests import Verdict
from kubestandby.snapshots import SnapshotId
from tests.integration.rights.application import BACK_WEST, FRONT, RBAC, application
from tests.integration.rights.audit import covered, granted, unused
from tests.integration.rights.estate import Estate, account
from tests.integration.rights.story import SITE_OF, Story, all_powerful, refusal, tell
from tests.testbed.cluster import start_clusters

pytestmark = [pytest.mark.clusters, pytest.mark.xdist_group("rights")]

NEVER_USED_HERE = {
    "list events": "looked through for what keeps Pods from being made: here nothing does",
    "get persistentvolumeclaims": "waits for a claim that is being deleted: here none is",
    "update pods": "for Pods with duplicate keys in a list, whose spec nobody may change",
    "update jobs.batch": "for Jobs with duplicate keys in a list, whose template nobody may change",
}
SECOND = SnapshotId(1, 2)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """Clusters of their own: their audit logs are read."""
    folder: Path = tmp_path_factory.mktemp("rights")
    with start_clusters(["rights-east", "rights-west"], nodes=1, audit=True) as (east, west):
        yield Estate(folder, {"east": east, "west": west})


@pytest.fixture(scope="module")
def story(estate: Estate) -> Story:
    return tell(estate)


def test_the_whole_pipeline_comes_through(story: Story) -> None:
    verdicts = {step: (outcome.verdict, outcome.message) for step, outcome in story.outcomes.items()}

    assert {step: verdict for step, (verdict, _) in verdicts.items()} == {
        "export 1": Verdict.DONE,
        "bare": Verdict.NEEDS_PRIVILEGE,
        "first": Verdict.DONE,
        "second": Verdict.UNCHANGED,
        "export 2": Verdict.DONE,
        "pruned": Verdict.DONE,
        "failover": Verdict.UNCHANGED,
    }, verdicts
    assert "77 objects" in verdicts["export 1"][1]
    assert "32 pruned" in verdicts["pruned"][1]


@pytest.mark.parametrize("function", [Function.EXPORT, Function.RESTORE])
def test_nothing_that_is_used_is_missing(story: Story, function: Function) -> None:
    refused = {right for use in story.asked[function] if not use.allowed for right in use.rights}
    used = {right for use in story.asked[function] if use.allowed for right in use.rights}

    given = granted(story.printed[function])

    assert used
    assert refused == set()
    assert {right for right in used if not covered(right, given)} == set()


@pytest.mark.parametrize("function", [Function.EXPORT, Function.RESTORE])
def test_nothing_is_granted_that_is_never_used(story: Story, function: Function) -> None:
    used = {right for use in story.asked[function] if use.allowed for right in use.rights}

    left = unused(granted(story.printed[function]), used | _bound(used))

    assert {str(right) for right in left} == (set(NEVER_USED_HERE) if function is Function.RESTORE else set())


def _bound(used: set[Right]) -> set[Right]:
    """`bind` is asked about within the server alone: it is used where such a binding was made."""
    bindings = [one for one in application() if "roleRef" in one]
    return {
        Right(
            verb="bind",
            group=RBAC,
            resource=f"{one['roleRef']['kind'].lower()}s",
            namespace=one["metadata"].get("namespace", ""),
            name=one["roleRef"]["name"],
        )
        for one in bindings
        if any((right.verb, right.name) == ("create", one["metadata"]["name"]) for right in used)
    }


@pytest.mark.parametrize("function", [Function.EXPORT, Function.RESTORE])
def test_a_snapshot_alone_tells_the_same_rights(estate: Estate, story: Story, function: Function) -> None:
    words = ("--site", SITE_OF[function], "--role", function, "--from-snapshot", "1-1")

    assert estate.rbac(*words) == story.printed[function]


def test_a_server_tells_who_we_are_and_what_we_may_do(estate: Estate, story: Story) -> None:
    west = estate.contexts[Function.RESTORE].cluster(estate.group.site("west"))
    patching = Right(verb="patch", group="apps", resource="deployments", namespace=FRONT)
    scaling = Right(verb="patch", group="apps", resource="deployments/scale", namespace=FRONT)
    elsewhere = Right(verb="patch", group="apps", resource="deployments", namespace="default")
    own = Right(verb="patch", group="", resource="configmaps", namespace="kubestandby-system", name="kubestandby-least")

    rules = west.rules(FRONT)

    assert west.whoami() == account(Function.RESTORE)
    assert [west.may(right) for right in (patching, scaling, elsewhere, own)] == [True, False, False, True]
    assert rules.complete
    assert [rules.allows(right) for right in (patching, scaling)] == [True, False]


@pytest.mark.parametrize("subject", ["Group:ocid1.dynamicgroup.oc1..aaaa", "User:restorer@shop.example"])
def test_other_forms_are_valid_too(estate: Estate, story: Story, subject: str) -> None:
    words = ("--site", "west", "--role", "restore", "--subject", subject, "--admission-policy", "--output", "json")

    answer = estate.clusters["west"].kubectl("apply", "--dry-run=server", "-f", "-", stdin=estate.rbac(*words))

    assert "rolebinding.rbac.authorization.k8s.io/kubestandby-restore-least" in answer
    assert "serviceaccount" not in answer


def test_without_any_rights_nothing_is_written_and_all_that_is_missing_is_told_at_once(story: Story) -> None:
    outcome = story.outcomes["bare"]
    manifest = str(outcome.needs_privilege["manifest"])

    assert story.bare_writes == []
    assert outcome.message.startswith(
        "NeedsPrivilege: on the cluster of west, ServiceAccount kubestandby-system/kubestandby-restore may not get"
    )
    needed, given = {right for use in story.first for right in use.rights}, granted(manifest)
    assert {right for right in needed if not covered(right, given)} == set()
    by_hand = {one["metadata"]["name"] for one in yaml.safe_load_all(manifest) if one and "watch" in str(one)}
    assert by_hand >= {"watches", "least-watches"}


def test_a_right_that_is_taken_away_is_named_and_comes_back_with_what_the_outcome_prints(
    estate: Estate, story: Story
) -> None:
    west = estate.clusters["west"]
    west.kubectl("-n", FRONT, "delete", "rolebinding", "kubestandby-restore-least.secrets")
    estate.wait_until(Function.RESTORE, "west", "list", "secrets", "-n", FRONT, may=False)
    west.kubectl("-n", FRONT, "patch", "secret", "stay", "-p", '{"stringData": {"code": "changed"}}')
    west.kubectl("-n", FRONT, "patch", "configmap", "stay", "-p", '{"data": {"colour": "red"}}')

    refused = estate.ask("west", Action.RESTORE, snapshot=SECOND)
    colour = west.kubectl("-n", FRONT, "get", "configmap", "stay", "-o", "jsonpath={.data.colour}")
    estate.apply("west", str(refused.needs_privilege["manifest"]))
    estate.wait_until(Function.RESTORE, "west", "patch", "secrets", "-n", FRONT)
    restored = estate.ask("west", Action.RESTORE, snapshot=SECOND)

    assert refused.verdict is Verdict.NEEDS_PRIVILEGE
    assert f"may not create secrets in {FRONT} (for Secret {FRONT}/stay), list secrets in {FRONT}" in refused.message
    assert colour == "red"
    assert granted(str(refused.needs_privilege["manifest"])) == {
        Right(verb=verb, group="", resource="secrets", namespace=FRONT) for verb in ("create", "list", "patch")
    }
    assert restored.verdict is Verdict.DONE, restored
    assert restored.details["objects"]["configured"] == 2


def test_a_role_with_more_rights_than_ours_is_for_the_administrator(estate: Estate, story: Story) -> None:
    west = estate.clusters["west"]
    west.kubectl("-n", FRONT, "delete", "role", "watches")

    refused = estate.ask("west", Action.RESTORE, snapshot=SECOND)
    estate.apply("west", str(refused.needs_privilege["manifest"]))
    restored = estate.ask("west", Action.RESTORE, snapshot=SECOND)

    assert refused.verdict is Verdict.NEEDS_PRIVILEGE
    assert refused.needs_privilege["byHand"] == [f"Role.{RBAC} {FRONT}/watches"]
    assert "watch" in west.kubectl("-n", FRONT, "get", "role", "watches", "-o", "jsonpath={.rules}")
    assert restored.verdict is Verdict.UNCHANGED, restored


def test_an_export_that_may_not_read_all_names_it(estate: Estate, story: Story) -> None:
    estate.apply("west", estate.rbac("--site", "west", "--role", "export"))
    estate.log_in(Function.EXPORT, "west")
    estate.wait_until(Function.EXPORT, "west", "list", "pods", "-n", FRONT)
    estate.wait_until(Function.EXPORT, "west", "list", "clusterroles")
    for space in (FRONT, BACK_WEST):
        estate.clusters["west"].kubectl("-n", space, "delete", "rolebinding", "kubestandby-export-least.secrets")
        estate.wait_until(Function.EXPORT, "west", "list", "secrets", "-n", space, may=False)

    incomplete = estate.ask("west", Action.EXPORT)
    estate.apply("west", str(incomplete.needs_privilege["manifest"]))
    for space in (FRONT, BACK_WEST):
        estate.wait_until(Function.EXPORT, "west", "list", "secrets", "-n", space)
    complete = estate.ask("west", Action.EXPORT)

    assert incomplete.verdict is Verdict.NEEDS_PRIVILEGE
    assert (
        "ServiceAccount kubestandby-system/kubestandby-export may not list secrets in back-west" in incomplete.message
    )
    assert (incomplete.snapshot, complete.snapshot) == (SnapshotId(2, 1), SnapshotId(2, 2))
    assert complete.verdict is Verdict.DONE, complete


PLACE = {"name": "x", "namespace": BACK_WEST}
MAIN = {"name": "main", "image": "registry.example/x:1"}


def _main(name: str, **security: object) -> dict[str, object]:
    return {**MAIN, "name": name, "securityContext": security}


SPECS = {
    "in the node's namespaces": {"hostNetwork": True, "containers": [MAIN]},
    "paths of the node": {"containers": [MAIN], "volumes": [{"name": "a", "hostPath": {"path": "/"}}]},
    "privileged containers": {"containers": [MAIN], "initContainers": [_main("i", privileged=True)]},
    "more capabilities": {"containers": [_main("c", capabilities={"add": ["SYS_ADMIN"]})]},
}


def test_the_policy_refuses_even_a_cluster_admin(estate: Estate, story: Story) -> None:
    west = estate.clusters["west"]
    west.kubectl("label", "namespace", FRONT, "pod-security.kubernetes.io/enforce=baseline")
    itself = "--serviceaccount=kubestandby-system:kubestandby-restore"
    enforce = "pod-security.kubernetes.io/enforce"
    forbidden = {
        ("-n", "kube-system", "create", "configmap", "x"): "only into the namespaces of its groups",
        ("-n", "default", "create", "configmap", "x"): "only into the namespaces of its groups",
        ("create", "namespace", "other"): "only into the namespaces of its groups",
        ("-n", "kubestandby-system", "label", "configmap", "kubestandby-restore-policy", "a=b"): "only into the namesp",
        ("create", "clusterrolebinding", "x", "--clusterrole=view", "--user=x"): "only those cluster-scoped objects",
        ("label", "node", "--all", "a=b"): "only those cluster-scoped objects",
        ("label", "namespace", BACK_WEST, f"{enforce}=privileged"): "does not make a namespace privileged",
        ("label", "namespace", FRONT, f"{enforce}-"): "does not weaken the Pod Security level",
        ("label", "namespace", FRONT, f"{enforce}-version=v1.20"): "does not change the version",
        ("-n", FRONT, "create", "rolebinding", "x", "--role=watches", itself): "binds neither itself nor",
        ("-n", FRONT, "create", "rolebinding", "x", "--clusterrole=cluster-admin", "--user=x"): "nor cluster-admin",
        ("-n", FRONT, "delete", "configmap", "kube-root-ca.crt"): "only what a restore has made",
        ("-n", FRONT, "delete", "pvc", "stay"): "nothing that data would go with",
        ("delete", "namespace", FRONT): "nothing that data would go with",
        ("-n", FRONT, "scale", "deployment", "stay", "--replicas=2"): "not their subresources",
    }
    allowed = (
        ("-n", FRONT, "create", "configmap", "x"),
        ("-n", FRONT, "delete", "configmap", "stay"),
        ("label", "namespace", FRONT, f"{enforce}=restricted", "--overwrite"),
        ("label", "priorityclass", "least-stay", "a=b"),
        ("-n", "kubestandby-system", "label", "configmap", "kubestandby-least", "a=b"),
    )

    with all_powerful(estate):
        said = {words: refusal(estate, *words) for words in forbidden}
        pods = {
            (words, of): refusal(estate, "create", "-f", "-", stdin=of(spec))
            for words, spec in SPECS.items()
            for of in (_pod, _nightly)
        }
        agreed = {words: refusal(estate, *words) for words in allowed}
        plain = refusal(estate, "create", "-f", "-", stdin=_pod({"containers": [MAIN]}))

    assert {words: text for words, text in said.items() if forbidden[words] not in text} == {}
    assert {key: text for key, text in pods.items() if key[0] not in text} == {}
    assert {words: text for words, text in agreed.items() if text} == {}
    assert plain == ""


def _pod(spec: dict[str, object]) -> str:
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", "metadata": PLACE, "spec": spec})


def _nightly(spec: dict[str, object]) -> str:
    job = {"spec": {"template": {"spec": {**spec, "restartPolicy": "Never"}}}}
    spec = {"schedule": "0 3 1 1 *", "jobTemplate": job}
    return yaml.safe_dump({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": PLACE, "spec": spec})
