"""An application crosses: authored on the primary, taken through the three running functions, found on the standby."""

import json

import pytest

from tests.crossing.checker import differences, objects_in
from tests.crossing.conftest import Crossing

pytestmark = [pytest.mark.clusters, pytest.mark.xdist_group("crossing")]


def test_every_authored_object_arrives_as_it_was(crossing: Crossing) -> None:

    crossing.kubestandby("run", crossing.namespace)

    on_primary = objects_in(crossing.primary.kubectl, crossing.namespace)
    assert len(on_primary) >= 20
    assert differences(on_primary, objects_in(crossing.standby.kubectl, crossing.namespace)) == []


def test_cluster_scoped_needs_arrive_and_nothing_else_does(crossing: Crossing) -> None:
    crossing.primary.kubectl(
        "create", "clusterrole", f"unrelated-{crossing.namespace}", "--verb=get", "--resource=pods"
    )

    crossing.kubestandby("run", crossing.namespace)

    roles = crossing.standby.kubectl("get", "clusterrole", "-o", "name")
    assert f"crossing-{crossing.namespace}-all" in roles
    assert f"unrelated-{crossing.namespace}" not in roles
    crossing.standby.kubectl("get", "priorityclass", f"crossing-{crossing.namespace}")
    crossing.standby.kubectl("get", "clusterrolebinding", f"crossing-{crossing.namespace}")


def test_a_second_run_makes_no_snapshot_and_writes_nothing(crossing: Crossing) -> None:
    crossing.kubestandby("run", crossing.namespace)
    before = _versions(crossing)

    crossing.kubestandby("run", crossing.namespace)
    crossing.kubestandby("restore", crossing.namespace)

    assert _versions(crossing) == before
    assert len(crossing.json("snapshots", crossing.namespace)["snapshots"]) == 1


def test_plan_says_with_its_exit_status_whether_anything_would_change(crossing: Crossing) -> None:
    crossing.kubestandby("run", crossing.namespace)
    crossing.kubestandby("plan", crossing.namespace, status=0)

    _edit_standby(crossing, {"data": {"uid": "changed on the standby"}})
    printed = crossing.kubestandby("plan", crossing.namespace, status=2)

    assert "looks-like-server-fields" in printed
    assert "changed on the standby" in printed


def test_after_a_failover_the_pipeline_runs_the_other_way(crossing: Crossing) -> None:
    crossing.kubestandby("run", crossing.namespace)

    crossing.kubestandby("failover", crossing.namespace, "--to", "west", "--yes")
    crossing.standby.kubectl("-n", crossing.namespace, "create", "configmap", "made-in-the-west", "--from-literal=a=b")
    crossing.kubestandby("run", crossing.namespace)

    crossing.primary.kubectl("-n", crossing.namespace, "get", "configmap", "made-in-the-west")


def _versions(crossing: Crossing) -> dict[str, str]:
    """Every object of the namespace on the standby with its resourceVersion."""
    types = crossing.standby.kubectl("api-resources", "--namespaced", "--verbs=list,get,create", "-o", "name").split()
    wanted = [name for name in types if name not in ("events", "events.events.k8s.io", "leases.coordination.k8s.io")]
    listed = crossing.standby.kubectl("get", ",".join(wanted), "-n", crossing.namespace, "-o", "json")
    return {
        f"{item['kind']} {item['metadata']['name']}": item["metadata"]["resourceVersion"]
        for item in json.loads(listed)["items"]
    }


def _edit_standby(crossing: Crossing, patch: dict[str, object]) -> None:
    crossing.standby.kubectl(
        "-n", crossing.namespace, "patch", "configmap", "looks-like-server-fields", "-p", json.dumps(patch)
    )
