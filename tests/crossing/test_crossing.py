"""The corpus crosses: authored on one cluster, through the three running functions, compared with what is on the other.

The tests share one crossing and go on from each other's end, in this order.
"""

import json
from typing import Any

import pytest

from tests.corpus.steps import beyond
from tests.crossing.authoring import author
from tests.crossing.checker import arrived, compare, strays
from tests.crossing.conftest import GROUP, Crossing
from tests.crossing.reading import Key, read_cluster, served_types
from tests.testbed.cluster import Cluster

pytestmark = [pytest.mark.clusters, pytest.mark.xdist_group("crossing")]

OUR_RECORDS = "kubestandby-system"
"""The namespace in which a standby keeps what it knows of its groups."""

NOBODY_AUTHORS = {
    "Node": "a machine",
    "CSINode": "a machine",
    "VolumeAttachment": "a machine's disk",
    "ResourceSlice": "a machine's devices",
    "IPAddress": "made for each Service",
    "CertificateSigningRequest": "an order, carried out once",
    "LeaseCandidate": "of the moment",
}
"""Kinds that the corpus does without."""


def test_every_kind_that_somebody_can_author_is_in_the_corpus(crossing: Crossing) -> None:
    authored = {(key.group, key.kind) for key in (*crossing.authored, *crossing.staying)}

    missing = {
        f"{type_.kind} {type_.api_version}"
        for type_ in served_types(crossing.primary.kubectl)
        if {"create", "list"} <= type_.verbs
        and (type_.group, type_.kind) not in authored
        and type_.kind not in NOBODY_AUTHORS
        and not type_.group.endswith("example.com")
    }

    assert missing - {"Event events.k8s.io/v1"} == set()  # the same objects as those of the core group
    assert len(crossing.authored) >= 300


def test_every_authored_object_arrives_as_it_was(crossing: Crossing) -> None:
    assert _lines(compare(crossing.authored, crossing.on_primary, crossing.on_standby)) == []


def test_nothing_else_arrives(crossing: Crossing) -> None:
    found = strays(crossing.authored, crossing.before, crossing.on_standby)

    assert arrived(crossing.staying, crossing.before, crossing.on_standby) == []
    assert [key for key in found if not _is_our_record(key)] == []


def test_no_object_on_the_standby_has_an_owner_that_is_not_there(crossing: Crossing) -> None:
    uids = {item["metadata"]["uid"] for item in crossing.on_standby.values()}

    dangling = [
        key
        for key, item in crossing.on_standby.items()
        for owner in item["metadata"].get("ownerReferences", ())
        if owner["uid"] not in uids
    ]

    assert dangling == []


def test_a_group_of_all_namespaces_but_some_takes_the_others_first_warm_then_hot(crossing: Crossing) -> None:
    authored = author(crossing.primary.kubectl, beyond(), {})
    chosen = [key.name for key in crossing.authored if key[:2] == ("", "Namespace")]
    crossing.configure("beyond", mode="warm", excludeNamespaces=chosen)

    crossing.kubestandby("run", "beyond", group="beyond")
    running = crossing.standby.kubectl("get", "pods", "-n", "beyond-two", "-o", "name")
    crossing.kubestandby("failover", "beyond", "--to", "west", "--yes", group="beyond")

    assert running == ""
    primary, standby = read_cluster(crossing.primary.kubectl), read_cluster(crossing.standby.kubectl)
    assert _lines(compare(authored, primary, standby)) == []
    everything = [*crossing.authored, *authored, Key("", "ConfigMap", "default", "in-a-namespace-that-is-not-chosen")]
    assert [key for key in strays(everything, crossing.before, standby) if not _is_our_record(key)] == []


def test_a_second_run_makes_no_snapshot_and_writes_nothing(crossing: Crossing) -> None:
    written = len(_writes(crossing.standby))

    crossing.kubestandby("run", GROUP)
    crossing.kubestandby("restore", GROUP)

    assert [_object_of(event) for event in _writes(crossing.standby)[written:]] == []
    assert len(crossing.json("snapshots", GROUP)["snapshots"]) == 1
    crossing.kubestandby("plan", GROUP, status=0)


def test_the_primary_is_never_written_to(crossing: Crossing) -> None:
    assert [_object_of(event) for event in _writes(crossing.primary)] == []


def test_plan_shows_what_was_changed_on_the_standby_and_a_restore_puts_it_back(crossing: Crossing) -> None:
    changed, more = {"data": {"max": "changed on the standby"}}, {"spec": {"selector": {"one": "more"}}}
    crossing.standby.kubectl("-n", "corpus-settings", "patch", "configmap", "policy", "-p", json.dumps(changed))
    crossing.standby.kubectl("-n", "corpus-network", "patch", "service", "web", "-p", json.dumps(more))
    printed = crossing.kubestandby("plan", GROUP, status=2)

    assert "changed on the standby" in printed
    assert "spec.selector.one" in printed
    crossing.kubestandby("restore", GROUP)

    primary, standby = read_cluster(crossing.primary.kubectl), read_cluster(crossing.standby.kubectl)
    assert _lines(compare(crossing.authored, primary, standby)) == []


def test_after_a_failover_the_way_back_brings_the_new_and_changes_nothing_else(crossing: Crossing) -> None:
    crossing.kubestandby("failover", GROUP, "--to", "west", "--yes")
    crossing.standby.kubectl("-n", "corpus-settings", "create", "configmap", "made-in-the-west", "--from-literal=a=b")

    crossing.kubestandby("run", GROUP)

    crossing.primary.kubectl("-n", "corpus-settings", "get", "configmap", "made-in-the-west")
    written = {_object_of(event) for event in _writes(crossing.primary)} - _our_records_and_jobs()
    assert written == {("configmaps", "corpus-settings", "made-in-the-west")}


def _is_our_record(key: Key) -> bool:
    return OUR_RECORDS in (key.namespace, key.name)


def _our_records_and_jobs() -> set[tuple[str, str, str]]:
    """Jobs that have ended were suspended on their way, and are so on the way back."""
    ended = {("jobs", "corpus-workloads", name) for name in ("done", "done-with-labels", "failed")}
    return ended | {("configmaps", OUR_RECORDS, f"kubestandby-{GROUP}"), ("namespaces", OUR_RECORDS, OUR_RECORDS)}


def _lines(differences: list[Any]) -> list[str]:
    return [str(difference) for difference in differences]


_QUESTIONS = ("authentication.k8s.io", "authorization.k8s.io")
"""API groups whose objects are questions about rights: they are created, and kept nowhere."""


def _writes(cluster: Cluster) -> list[dict[str, Any]]:
    """What kubestandby has changed in a cluster, by the cluster's audit log; dry runs change nothing."""
    return [
        event
        for event in cluster.audit_events()
        if event.get("userAgent", "").startswith("kubestandby/")
        and event["verb"] not in ("get", "list", "watch")
        and "dryRun=All" not in event["requestURI"]
        and event["objectRef"].get("apiGroup") not in _QUESTIONS
    ]


def _object_of(event: dict[str, Any]) -> tuple[str, str, str]:
    found = event["objectRef"]
    return found["resource"], found.get("namespace", ""), found.get("name", "")
