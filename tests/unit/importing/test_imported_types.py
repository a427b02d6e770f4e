"""Kinds are told by Kubernetes' own table, by definitions in the import, or by the primary."""

import pytest

from functions.export.built_in_types import BUILT_IN_TYPES
from functions.export.imported_types import ImportedTypes, guessed_plural
from kubestandby.errors import ManifestError
from kubestandby.resources import BUILT_IN_GROUPS
from tests.fakes.fake_cluster import BUILT_IN, FakeCluster
from tests.unit.importing.importing import of_kind


def definition(kind: str, plural: str, scope: str = "Namespaced") -> dict[str, object]:
    spec = {"group": "example.com", "names": {"kind": kind, "plural": plural}, "scope": scope, "versions": []}
    return of_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.example.com", "", spec=spec)


def test_the_table_agrees_with_what_the_other_tests_serve() -> None:
    for served in BUILT_IN:
        known = BUILT_IN_TYPES[served.gvk.group_kind]
        assert (known.plural, known.namespaced) == (served.plural, served.namespaced)


def test_the_table_holds_groups_of_kubernetes_alone() -> None:
    assert {group for group, _ in BUILT_IN_TYPES} <= BUILT_IN_GROUPS | {"metrics.k8s.io"}


def test_a_type_has_the_version_of_its_manifest() -> None:
    found = ImportedTypes(None).type_of(of_kind("autoscaling/v1", "HorizontalPodAutoscaler", "a"))
    assert (found.gvk.api_version, found.plural) == ("autoscaling/v1", "horizontalpodautoscalers")


def test_a_definition_in_the_import_says_plural_and_scope() -> None:
    types = ImportedTypes(None)
    types.learn(definition("Goose", "geese", "Cluster"))
    found = types.type_of(of_kind("example.com/v1", "Goose", "a", ""))
    assert (found.plural, found.namespaced) == ("geese", False)


def test_a_custom_resource_of_a_built_in_kind_is_of_its_own_group() -> None:
    types = ImportedTypes(None)
    types.learn(definition("Service", "trainservices"))
    assert types.type_of(of_kind("example.com/v1", "Service", "a")).plural == "trainservices"
    assert types.type_of(of_kind("v1", "Service", "a")).plural == "services"


def test_the_primary_is_asked_for_other_kinds() -> None:
    cluster = FakeCluster()
    cluster.serve("example.com/v1", "Mouse", "mice", namespaced=False)
    found = ImportedTypes(cluster.discover()).type_of(of_kind("example.com/v1", "Mouse", "a", ""))
    assert (found.plural, found.namespaced) == ("mice", False)


def test_without_a_primary_a_kind_in_a_namespace_is_guessed() -> None:
    found = ImportedTypes(None).type_of(of_kind("example.com/v1", "Policy", "a"))
    assert (found.plural, found.namespaced) == ("policies", True)


def test_without_a_primary_a_kind_without_a_namespace_is_refused() -> None:
    with pytest.raises(ManifestError, match=r"Goose.example.com a: it cannot be told .* add the definition"):
        ImportedTypes(None).type_of(of_kind("example.com/v1", "Goose", "a", ""))


@pytest.mark.parametrize(("api_version", "kind"), [("v1", "Deployment"), ("apps/v1", "Deploymnt")])
def test_kinds_that_kubernetes_does_not_have_are_refused(api_version: str, kind: str) -> None:
    with pytest.raises(ManifestError, match=rf"^{kind}.*no such kind of Kubernetes"):
        ImportedTypes(None).type_of(of_kind(api_version, kind, "a"))


@pytest.mark.parametrize(("kind", "plural"), [("Widget", "widgets"), ("Policy", "policies"), ("Bus", "buses")])
def test_plurals_are_guessed_as_kubectl_does(kind: str, plural: str) -> None:
    assert guessed_plural(kind) == plural
