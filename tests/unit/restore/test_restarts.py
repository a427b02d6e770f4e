"""Which workloads a change of their configuration restarts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions.restore.plans import PlannedObject
from functions.restore.restarts import restart, workloads_to_restart
from kubestandby.errors import ClusterError
from kubestandby.groups import RestartPolicy, RestoreMode
from kubestandby.reports import Change, FieldDiff
from tests.unit.restore.samples import NOON, config_map, desired, namespace, restore, secret, standby, workload

BY_VOLUME: Any = {"volumes": [{"name": "v", "configMap": {"name": "settings"}}]}
HOT, CHANGED = RestoreMode.HOT, RestartPolicy.CHANGED


def configured(manifest: dict[str, Any], path: str = "data.color", **changes: Any) -> PlannedObject:
    diffs = (FieldDiff(path, "old", "new"),)
    return replace(PlannedObject(desired=desired(manifest), change=Change.CONFIGURED, diffs=diffs), **changes)


def restarted(
    *workloads: dict[str, Any],
    sent: tuple[PlannedObject, ...] = (configured(config_map()),),
    policy: RestartPolicy = CHANGED,
    mode: RestoreMode = HOT,
) -> list[str]:
    planned = {item.identity: item for item in sent}
    found = workloads_to_restart([desired(item) for item in workloads], planned, policy, mode)
    return [ref.name for ref in found]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_users_of_a_changed_config_map_are_restarted(kind: str) -> None:
    assert restarted(workload(kind, **BY_VOLUME), workload(name="other")) == ["web"]


def test_users_of_a_changed_secret_are_restarted() -> None:
    environment = [{"name": "i", "envFrom": [{"secretRef": {"name": "password"}}]}]

    assert restarted(workload(initContainers=environment), sent=(configured(secret()),)) == ["web"]


def test_the_same_name_in_another_namespace_is_another_config_map() -> None:
    assert restarted(workload(namespace="bank", **BY_VOLUME)) == []


def test_a_new_label_restarts_nobody() -> None:
    assert restarted(workload(**BY_VOLUME), sent=(configured(config_map(), "metadata.labels.color"),)) == []


def test_a_new_config_map_restarts_nobody() -> None:
    assert restarted(workload(**BY_VOLUME), sent=(configured(config_map(), change=Change.CREATED),)) == []


def test_a_workload_that_is_new_is_not_restarted() -> None:
    user = workload(**BY_VOLUME)

    assert restarted(user, sent=(configured(config_map()), configured(user, change=Change.CREATED))) == []


def test_a_workload_whose_pods_change_anyway_is_not_restarted() -> None:
    user = workload(**BY_VOLUME)

    assert restarted(user, sent=(configured(config_map()), configured(user, "spec.template.spec.x"))) == []
    assert restarted(user, sent=(configured(config_map()), configured(user, "spec.replicas"))) == ["web"]


def test_a_workload_without_pods_is_not_restarted() -> None:
    user = workload(**BY_VOLUME)
    user["spec"]["replicas"] = 0

    assert restarted(user) == []


def test_the_policy_decides() -> None:
    assert restarted(workload(**BY_VOLUME), policy=RestartPolicy.NEVER) == []
    assert restarted(workload(), sent=(), policy=RestartPolicy.ALWAYS) == ["web"]


def test_nothing_is_restarted_in_warm_mode() -> None:
    assert restarted(workload(**BY_VOLUME), policy=RestartPolicy.ALWAYS, mode=RestoreMode.WARM) == []


def test_a_restart_that_fails_is_a_reason_and_does_not_stop_the_others() -> None:
    cluster = standby(namespace(), workload(name="a"), workload(name="b"))
    cluster.fail("apply", ClusterError("403 Forbidden", status=403, reason="Forbidden"), name="a")

    with ThreadPoolExecutor(1) as pool:
        found = restart(cluster, pool, [desired(workload(name=name)) for name in "ab"], NOON)

    assert [ref.name for ref in found.done] == ["b"]
    assert list(found.failed.values()) == ["it could not be restarted: 403 Forbidden; restart it by hand"]


def test_a_config_map_that_was_refused_restarts_nobody() -> None:
    cluster = standby()
    user = workload(**BY_VOLUME)
    restore(cluster, namespace(), config_map(color="blue"), user)
    cluster.fail("apply", ClusterError("403 no", status=403, reason="Forbidden"), plural="configmaps", name="settings")

    report = restore(cluster, namespace(), config_map(color="red"), user)

    assert report.restarted == ()
