"""`show --output json` answers why an object on the standby differs from the one on the primary."""

from kubestandby.cli.as_json import index_json
from kubestandby.snapshots import TransformedObject, TransformUse
from tests.unit.stored_form.samples import built, index_of


def test_what_each_transform_changed_is_told_by_object_and_field() -> None:
    changed = TransformedObject(object="Deployment.apps shop/web", fields=("/spec/replicas",))
    dropped = TransformedObject(object="ConfigMap shop/a", left_out=True)
    uses = (
        TransformUse(transform="one-replica", objects=(changed,)),
        TransformUse(transform="none", objects=(dropped,)),
    )

    with built() as archive:
        told = index_json(index_of(archive, transforms=uses, config_sha256="ab"))

    assert told["configSha256"] == "ab"
    assert told["transforms"] == {
        "one-replica": [{"object": "Deployment.apps shop/web", "fields": ["/spec/replicas"], "leftOut": False}],
        "none": [{"object": "ConfigMap shop/a", "fields": [], "leftOut": True}],
    }
