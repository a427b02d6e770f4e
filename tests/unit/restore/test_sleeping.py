"""What the API server calls is not there while nothing would answer."""

from typing import Any

import pytest

from kubestandby.groups import RestoreMode
from kubestandby.reports import Change
from tests.unit.restore.samples import custom, definition, namespace, restore, result_of, standby

_ADMISSION = "admissionregistration.k8s.io/v1"


def service(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "guard", "namespace": "shop"}, "spec": spec}


def webhook(kind: str = "ValidatingWebhookConfiguration", **client: Any) -> dict[str, Any]:
    config = client or {"service": {"namespace": "shop", "name": "guard"}}
    hooks = [{"name": "guard.shop.example", "clientConfig": config}]
    return {"apiVersion": _ADMISSION, "kind": kind, "metadata": {"name": "guard"}, "webhooks": hooks}


def api_service() -> dict[str, Any]:
    spec = {"group": "metrics.shop.example", "version": "v1", "service": {"namespace": "shop", "name": "guard"}}
    metadata = {"name": "v1.metrics.shop.example"}
    return {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    "called", [webhook(), webhook("MutatingWebhookConfiguration"), api_service()], ids=lambda one: str(one["kind"])
)
def test_a_warm_restore_leaves_out_what_the_api_server_calls_through_a_sleeping_service(called: dict[str, Any]) -> None:
    cluster = standby()
    shop = (namespace(), service(selector={"app": "guard"}), called)

    warm = restore(cluster, *shop, mode=RestoreMode.WARM)

    left_out = result_of(warm, called["kind"], called["metadata"]["name"])
    assert left_out.change is Change.SKIPPED
    assert "nothing runs behind Service shop/guard" in left_out.reason
    assert warm.succeeded
    assert result_of(restore(cluster, *shop), called["kind"], called["metadata"]["name"]).change is Change.CREATED


@pytest.mark.parametrize(
    ("called", "behind"),
    [
        (webhook(), service(externalName="guard.example.com", type="ExternalName")),
        (webhook(url="https://guard.example.com"), service(selector={"app": "guard"})),
        (webhook(service={"namespace": "other", "name": "guard"}), service(selector={"app": "guard"})),
    ],
    ids=["without-selector", "by-url", "not-in-the-snapshot"],
)
def test_what_runs_elsewhere_is_called_in_warm_mode_too(called: dict[str, Any], behind: dict[str, Any]) -> None:
    warm = restore(standby(), namespace(), behind, called, mode=RestoreMode.WARM)

    assert result_of(warm, called["kind"], "guard").change is Change.CREATED


def test_custom_resources_are_waited_for_only_where_their_operator_may_run() -> None:
    def reported(mode: RestoreMode) -> list[str]:
        cluster = standby()
        unready = custom() | {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
        cluster.serve("shop.example/v1", "Ticket", "tickets")
        cluster.put(namespace(), unready)
        report = restore(cluster, namespace(), definition(), custom(), mode=mode, settings={"ready_timeout_seconds": 5})
        return [str(status.ref) for status in report.workloads]

    assert reported(RestoreMode.WARM) == []
    assert reported(RestoreMode.HOT) == ["Ticket.shop.example shop/one"]
