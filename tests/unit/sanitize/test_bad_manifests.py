"""A manifest that a rule cannot understand is one clear error."""

import pytest

from functions.sanitize.rules import sanitize
from kubestandby.errors import ManifestError
from tests.unit.sanitize.samples import Json, served


@pytest.mark.parametrize(
    ("manifest", "field"),
    [
        (served("v1", "Service", spec="s3cret"), "spec is a string"),
        (served("v1", "Service", spec={"ports": {"s3cret": 1}}), "spec.ports is an object"),
        (served("v1", "Service", spec={"ports": ["s3cret"]}), "spec.ports[] is a string"),
        (served("v1", "Service", spec={"clusterIP": 7}), "spec.clusterIP is a number"),
        (served("v1", "Pod", spec={"volumes": [None]}), "spec.volumes[] is null"),
        (served("v1", "Pod", spec={"tolerations": "s3cret"}), "spec.tolerations is a string"),
        (served("v1", "Pod", spec={"nodeName": True}), "spec.nodeName is a boolean"),
        (served("batch/v1", "Job", status={"conditions": 1.5}), "conditions is a number"),
        (served("v1", "ConfigMap", metadata={"ownerReferences": "s3cret"}), "ownerReferences is a string"),
        (served("v1", "ConfigMap", metadata={"annotations": ["s3cret"]}), "metadata.annotations is a list"),
        (served("v1", "PersistentVolume", spec={"claimRef": "s3cret"}), "spec.claimRef is a string"),
        (served("v1", "Namespace", spec={"finalizers": "s3cret"}), "spec.finalizers is a string"),
        (served("apps/v1", "StatefulSet", spec={"volumeClaimTemplates": {}}), "spec.volumeClaimTemplates is an object"),
    ],
)
def test_the_error_names_object_and_field_and_no_value(manifest: Json, field: str) -> None:
    with pytest.raises(ManifestError) as caught:
        sanitize(manifest)

    message = str(caught.value)
    assert manifest["kind"] in message
    assert "shop/web cannot be sanitized" in message
    assert field in message
    assert "s3cret" not in message


@pytest.mark.parametrize("manifest", [{}, {"apiVersion": "v1"}, {"apiVersion": "v1", "kind": "Pod", "metadata": []}])
def test_an_object_without_a_name_is_an_error(manifest: Json) -> None:
    with pytest.raises(ManifestError, match="no apiVersion, kind or metadata"):
        sanitize(manifest)
