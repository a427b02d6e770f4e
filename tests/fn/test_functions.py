"""The export function behind the platform's socket: what a schedule, an event, a gateway and a stranger get."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubestandby.adapters.event_wire import encode
from kubestandby.adapters.stores import open_store
from kubestandby.events import ObjectCreated
from tests.fakes.keys import write_keys
from tests.fn.platform import FnContainer, container

GROUP = "fn-shop"
SECRET = "It's a Secret to Everybody"
EXPORT = {"action": "export", "group": GROUP, "origin": "timer"}


@dataclass(frozen=True)
class Deployed:
    export: FnContainer
    control: str

    def requests(self) -> list[str]:
        return list(open_store(self.control).list("requests/"))

    def webhook(self, body: bytes, secret: str = SECRET, **headers: str) -> tuple[int, dict[str, Any]]:
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        own = {"X-Hub-Signature-256": signature, "X-GitHub-Event": "deployment_status", "X-GitHub-Delivery": "d-1"}
        answer = self.export.gateway("POST", f"/webhooks/{GROUP}/ci", body, {**own, **headers})
        assert answer.status == 200
        return answer.http_status, answer.said


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("fn")
    sites = {
        name: {
            "cluster": {"kubeconfig": f"{folder}/{name}.kubeconfig"},
            "data": f"file://{folder}/{name}/data",
            "control": f"file://{folder}/{name}/control",
        }
        for name in ("east", "west")
    }
    webhook = {"name": "ci", "kind": "github", "secretsFrom": [{"env": "CI_SECRET"}]}
    spec = {"namespaces": ["shop"], "sites": sites, "primary": "east", "standby": "west", "webhooks": [webhook]}
    spec["keys"] = str(write_keys(folder))
    group = {"apiVersion": "kubestandby.dev/v1", "kind": "ProtectionGroup", "metadata": {"name": GROUP}, "spec": spec}
    environment = {
        "KUBESTANDBY_CONFIG": pinned(sites["east"]["control"], yaml.safe_dump(group).encode()),
        "KUBESTANDBY_SITE": "east",
        "CI_SECRET": SECRET,
    }
    with container("export", environment) as export:
        yield Deployed(export, str(sites["east"]["control"]))


def pinned(store: Any, data: bytes) -> str:
    """Puts a configuration where a function finds it, and says where that is."""
    key = f"config/{hashlib.sha256(data).hexdigest()}.yaml"
    open_store(str(store)).put_if_absent(key, data)
    return f"{store}#{key}"


def deployment(tag: str) -> bytes:
    return json.dumps(
        {
            "action": "created",
            "deployment": {"id": 1, "ref": tag, "environment": "production", "sha": "0" * 40},
            "deployment_status": {"id": 7, "state": "success", "environment": "production"},
            "repository": {"full_name": "shop/web"},
        }
    ).encode()


def test_a_schedules_body_asks_for_an_export(deployed: Deployed) -> None:
    before = deployed.requests()

    answer = deployed.export.call(EXPORT, {"Fn-Invoke-Type": "detached"}, seconds=3600)

    assert (answer.status, answer.said["group"]) == (200, GROUP)
    assert len(deployed.requests()) == len(before) + 1


def test_a_schedules_tick_is_done_before_the_answer(deployed: Deployed) -> None:
    answer = deployed.export.call({"action": "tick"})

    assert answer.status == 200
    assert set(answer.said["tick"]) == {"pushed", "failed"}


def test_a_schedule_that_nobody_understands_fails_so_that_alarms_see_it(deployed: Deployed) -> None:
    answer = deployed.export.call({"action": "exprot", "group": GROUP})

    assert answer.status == 502
    assert "exprot" not in deployed.export.log.read_text()


def test_the_same_body_through_the_gateway_is_a_strangers(deployed: Deployed) -> None:
    before = deployed.requests()

    for headers in ({}, {"Fn-Intent": "cloudevent"}, {"X-Real-Ip": "127.0.0.1", "Host": "localhost"}):
        answer = deployed.export.gateway("POST", "/", json.dumps(EXPORT).encode(), headers)
        assert (answer.status, answer.http_status) == (200, 403)
    assert deployed.requests() == before


def test_a_signed_webhook_through_the_gateway_is_taken(deployed: Deployed) -> None:
    before = deployed.requests()

    status, said = deployed.webhook(deployment("v1"))

    assert (status, said["group"]) == (202, GROUP)
    assert said["request"] in str(deployed.requests())
    assert len(deployed.requests()) <= len(before) + 1


def test_a_webhook_that_is_not_proven_is_refused(deployed: Deployed) -> None:
    assert deployed.webhook(deployment("v2"), secret="guessed")[0] == 401
    assert deployed.webhook(deployment("v2"), **{"X-Hub-Signature-256": ""})[0] == 401


def test_six_megabytes_through_the_gateway_are_refused_and_the_next_call_is_answered(deployed: Deployed) -> None:
    status, _ = deployed.webhook(b" " * (6 << 20))

    assert 400 <= status < 500
    assert deployed.export.gateway("GET", "/").said["function"] == "export"


def test_an_event_of_an_object_that_concerns_nobody_is_done(deployed: Deployed) -> None:
    headers, body = encode(ObjectCreated(bucket=deployed.control, key="epochs/fn-shop/1.json", event_id="e1"))

    answer = deployed.export.call(body, {**headers, "Fn-Intent": "cloudevent"})

    assert (answer.status, answer.said["verdict"]) == (200, "ignored")


OCI_EVENT = {
    "eventType": "com.oraclecloud.objectstorage.createobject",
    "cloudEventsVersion": "0.1",
    "eventTypeVersion": "2.0",
    "source": "ObjectStorage",
    "eventTime": "2026-01-21T16:26:30.849Z",
    "contentType": "application/json",
    "data": {"resourceName": "requests/x.json", "additionalDetails": {"bucketName": "b", "namespace": "ns"}},
    "eventID": "uuid",
    "extensions": {"compartmentId": "ocid1.compartment.oc1..x"},
}


def test_an_event_of_a_bucket_that_is_in_no_group_does_not_come_for_ever(deployed: Deployed) -> None:
    answer = deployed.export.call(OCI_EVENT)

    assert (answer.status, "error" in answer.said) == (200, True)
    assert any(line["event"] == "bad_input" and line["call"] == "01CALL" for line in deployed.export.lines())


def test_what_it_writes_to_the_log_holds_no_secret(deployed: Deployed) -> None:
    deployed.webhook(deployment("v3"))

    assert SECRET not in deployed.export.log.read_text()
    assert "BEGIN PRIVATE KEY" not in deployed.export.log.read_text()


def test_a_configuration_that_is_not_there_has_events_come_again(tmp_path: Path) -> None:
    environment = {"KUBESTANDBY_CONFIG": f"file://{tmp_path}#config/{'0' * 64}.yaml"}
    with container("export", environment) as export:
        assert export.call(OCI_EVENT).status == 502
        assert export.gateway("GET", "/").http_status == 503
