"""An injector's certificates stay where somebody else has set them."""

from typing import Any

import pytest

from functions.restore.ca_bundles import without_kept_bundles
from kubestandby.resources import ObjectRef
from tests.fakes.server_side_apply import merged

Json = dict[str, Any]
ADMISSION = "admissionregistration.k8s.io/v1"


def api_service(bundle: str = "") -> Json:
    spec = {"group": "metrics.example", "version": "v1", **({"caBundle": bundle} if bundle else {})}
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1.metrics.example"},
        "spec": spec,
    }


def definition(bundle: str = "") -> Json:
    client = {"url": "https://convert.example", **({"caBundle": bundle} if bundle else {})}
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": client}}
    metadata = {"name": "tickets.shop.example"}
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": metadata}
    return {**kind, "spec": {"conversion": conversion}}


def hook(bundle: str = "") -> Json:
    client = {"url": "https://hook.example", **({"caBundle": bundle} if bundle else {})}
    webhooks = [{"name": 'a"b', "clientConfig": client}, {"name": "other", "clientConfig": {}}]
    return {
        "apiVersion": ADMISSION,
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "hook"},
        "webhooks": webhooks,
    }


def live_hook(bundle: str, manager: str) -> Json:
    """As a server has it: the list of webhooks is keyed by name."""
    fields = {"f:webhooks": {'k:{"name":"a\\"b"}': {"f:clientConfig": {"f:caBundle": {}}}}}
    entry = {"manager": manager, "operation": "Update", "fieldsV1": fields}
    return hook(bundle) | {"metadata": {"name": "hook", "managedFields": [entry]}}


def kept(desired: Json, live: Json) -> Any:
    return without_kept_bundles(ObjectRef.of(desired), desired, live)


@pytest.mark.parametrize("make", [api_service, definition])
def test_the_standbys_bundle_stays_where_an_injector_owns_it(make: Any) -> None:
    assert kept(make("east"), merged({}, make("west"), "cainjector")) == make()


def test_of_webhooks_each_one_has_its_own() -> None:
    assert kept(hook("east"), live_hook("west", "cainjector")) == hook()


@pytest.mark.parametrize("make", [api_service, definition])
def test_a_bundle_that_we_set_is_ours_to_change(make: Any) -> None:
    assert kept(make("new"), merged({}, make("old"), "kubestandby")) == make("new")
    assert kept(hook("new"), live_hook("old", "kubestandby")) == hook("new")


@pytest.mark.parametrize("make", [api_service, definition, hook])
def test_where_the_standby_has_none_the_snapshots_is_sent(make: Any) -> None:
    assert kept(make("east"), merged({}, make(), "cainjector")) == make("east")


def test_other_kinds_have_no_bundles() -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "spec": {"caBundle": "east"}}

    assert kept(config, merged({}, config, "cainjector")) is config
