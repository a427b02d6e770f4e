"""Namespaces, roles, definitions and webhooks."""

import pytest

from tests.unit.sanitize.samples import Json, bare, clean, fired, served


def cluster_scoped(api_version: str, kind: str, **fields: object) -> Json:
    return served(api_version, kind, namespace="", **fields)  # type: ignore[arg-type]


def test_a_namespace_loses_what_every_server_adds() -> None:
    labels = {"kubernetes.io/metadata.name": "web", "pod-security.kubernetes.io/enforce": "baseline"}
    status = {"phase": "Active"}

    manifest = cluster_scoped(
        "v1", "Namespace", metadata={"labels": labels}, spec={"finalizers": ["kubernetes"]}, status=status
    )

    wanted = bare("v1", "Namespace", namespace="")
    wanted["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": "baseline"}
    assert clean(manifest) == wanted


def test_a_namespaces_other_finalizers_stay_in_their_order() -> None:
    manifest = cluster_scoped("v1", "Namespace", spec={"finalizers": ["kubernetes", "example.com/audit"]})

    assert clean(manifest)["spec"] == {"finalizers": ["kubernetes", "example.com/audit"]}


def test_rules_of_an_aggregated_role_are_the_control_planes() -> None:
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"part": "shop"}}]}

    manifest = cluster_scoped("rbac.authorization.k8s.io/v1", "ClusterRole", aggregationRule=selectors, rules=[{}])

    assert "rules" not in clean(manifest)
    assert clean(manifest)["aggregationRule"] == selectors


@pytest.mark.parametrize("kind", ["ClusterRole", "Role"])
def test_rules_of_an_ordinary_role_stay(kind: str) -> None:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]

    assert clean(cluster_scoped("rbac.authorization.k8s.io/v1", kind, rules=rules))["rules"] == rules


@pytest.mark.parametrize("kind", ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
def test_side_effects_that_v1_refuses_become_none(kind: str) -> None:
    client = {"service": {"name": "hook", "namespace": "shop"}, "caBundle": "LS0t"}
    effects = ["Unknown", "Some", "None", "NoneOnDryRun"]
    webhooks = [{"name": str(n), "clientConfig": client, "sideEffects": effect} for n, effect in enumerate(effects)]

    cleaned = clean(cluster_scoped("admissionregistration.k8s.io/v1", kind, webhooks=webhooks))["webhooks"]

    assert [webhook["sideEffects"] for webhook in cleaned] == ["None", "None", "None", "NoneOnDryRun"]
    assert all(webhook["clientConfig"] == client for webhook in cleaned)


def definition(**spec: object) -> Json:
    return cluster_scoped(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", spec=spec, status={"storedVersions": []}
    )


def test_a_definition_that_keeps_unknown_fields_says_so_in_its_schemas() -> None:
    versions = [{"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "properties": {}}}}, {"name": "v2"}]

    cleaned = clean(definition(preserveUnknownFields=True, versions=versions))["spec"]

    keep = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    assert cleaned == {
        "versions": [
            {"name": "v1", "schema": {"openAPIV3Schema": {**keep, "properties": {}}}},
            {"name": "v2", "schema": {"openAPIV3Schema": keep}},
        ]
    }


def test_an_ordinary_definition_only_loses_its_status() -> None:
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": {"caBundle": "LS0t"}}}
    schema = {"openAPIV3Schema": {"properties": {"status": {"type": "object"}, "uid": {"type": "string"}}}}
    versions = [{"name": "v1", "schema": schema, "subresources": {"status": {}}}]

    manifest = definition(preserveUnknownFields=False, versions=versions, conversion=conversion)

    assert clean(manifest)["spec"] == manifest["spec"]
    assert fired(manifest) == {"drop_status"}
