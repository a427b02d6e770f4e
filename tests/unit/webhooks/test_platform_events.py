"""OCI's own events of deployments and images: hints of the platform, taken from nobody else."""

import json
from typing import Any

import pytest

from kubestandby.adapters import event_wire
from kubestandby.errors import BadInputError
from kubestandby.events import Deployed, PlatformDeployment
from kubestandby.groups import WebhookMatch
from kubestandby.layout import Function
from kubestandby.runtime.answers import Answer
from tests.unit.webhooks.hooks import STRANGER, HookedWorld, webhook

DEPLOYMENT: dict[str, Any] = {
    "eventType": "com.oraclecloud.devopsdeploy.createdeployment",
    "cloudEventsVersion": "0.1",
    "eventTypeVersion": "2.0",
    "source": "devopsdeploy",
    "eventTime": "2026-11-22T12:00:00.000Z",
    "contentType": "application/json",
    "data": {
        "compartmentId": "ocid1.compartment.oc1..a",
        "compartmentName": "production",
        "resourceName": "shop-release",
        "resourceId": "ocid1.devopsdeployment.oc1..a",
    },
    "eventID": "8d5b8d6c-0001",
    "extensions": {"compartmentId": "ocid1.compartment.oc1..a"},
}
IMAGE: dict[str, Any] = {
    **DEPLOYMENT,
    "eventType": "com.oraclecloud.artifacts.uploaddockerimage",
    "source": "artifacts",
    "eventID": "8d5b8d6c-0002",
    "data": {
        "compartmentName": "production",
        "resourceName": "team/api:1.2.3",
        "additionalDetails": {"path": "namespace/team/api", "digest": "sha256:deadbeef"},
    },
}


def decode(event: dict[str, Any]) -> Any:
    return event_wire.decode({"content-type": "application/json"}, json.dumps(event).encode())


def send(world: HookedWorld, event: dict[str, Any], *, peer: str = "127.0.0.1", media: str = "json") -> Answer:
    headers = {"content-type": f"application/{media}"}
    return world.apps[Function.EXPORT].answer("POST", headers, json.dumps(event).encode(), peer=peer)


def test_a_deployment_is_read():
    assert decode(DEPLOYMENT) == PlatformDeployment(
        sender="oci-devops",
        deployed=Deployed(applications=("shop-release",), environments=("production",)),
        event_id="8d5b8d6c-0001",
    )


def test_an_uploaded_image_is_read():
    assert decode(IMAGE) == PlatformDeployment(
        sender="ocir",
        deployed=Deployed(images=("team/api:1.2.3",), repositories=("team/api",), environments=("production",)),
        event_id="8d5b8d6c-0002",
    )


def test_types_are_read_in_either_case():
    assert decode({**DEPLOYMENT, "eventType": "com.oraclecloud.DevOpsDeploy.CreateDeployment"}) == decode(DEPLOYMENT)


@pytest.mark.parametrize("field", ["eventID", "eventTime", "data", "cloudEventsVersion"])
def test_an_event_without_a_field_is_refused(field: str):
    with pytest.raises(BadInputError):
        decode({name: value for name, value in DEPLOYMENT.items() if name != field})


@pytest.mark.parametrize("media", ["json", "cloudevents+json"])
def test_an_event_asks_every_group_that_waits_for_it(media: str):
    world = HookedWorld(webhook("oci-devops"), webhook("ocir"))

    answer = send(world, DEPLOYMENT, media=media)

    assert answer.status == 202
    assert [asked["request"] for asked in answer.body["asked"]] == list(world.asked())
    assert len(world.asked()) == 1


def test_an_image_that_is_not_the_groups_is_ignored():
    world = HookedWorld(webhook("ocir", match=WebhookMatch(images=("team/web:*",))))

    answer = send(world, IMAGE)

    assert (answer.status, answer.body) == (200, {"ignored": "it concerns no group"})
    assert world.asked() == ()


def test_without_a_webhook_for_it_an_event_is_ignored():
    world = HookedWorld()

    assert send(world, IMAGE).status == 200
    assert world.asked() == ()


def test_an_event_that_comes_twice_asks_once():
    world = HookedWorld(webhook("ocir"))
    send(world, IMAGE)
    world.settle()

    send(world, IMAGE)

    assert len(world.asked()) == 1


def test_a_stranger_cannot_pass_for_the_platform():
    world = HookedWorld(webhook("ocir"))

    assert send(world, IMAGE, peer=STRANGER).status == 403
    assert world.asked() == ()
