"""What is told of transforms that found nothing to do."""

from functions.sanitize.transforming import Transforming
from kubestandby.image_reference import ImagePlace
from kubestandby.snapshots import RuleCount
from kubestandby.transforms import EVERY, ClaimTransform, FieldPath, ImageRule, ImageTransform, VolumePolicy
from tests.unit.sanitize.samples import bare
from tests.unit.sanitize.transforms.transforming import EVERYTHING


def test_a_declared_place_that_no_object_has_is_counted_as_such() -> None:
    worker = {"apiVersion": "acme.io/v1", "kind": "Worker", "metadata": {"name": "a", "namespace": "shop"}}
    right, wrong = (
        FieldPath(group="acme.io", kind="Worker", path=("spec", pools, EVERY, "image")) for pools in ("pools", "pool")
    )
    rule = ImageRule(source=ImagePlace.parse("docker.io"), target=ImagePlace.parse("west.example.com"))
    transforming = Transforming((ImageTransform(name="mirror", rules=(rule,), fields=(right, wrong)),))

    transforming.apply({**worker, "spec": {"pools": [{"image": "nginx"}]}})
    transforming.apply(bare("v1", "Service", "web", "shop"))

    assert transforming.counts() == (
        RuleCount(rule="transform:mirror", count=1),
        RuleCount(rule="transform:mirror /spec/pools/*/image of Worker.acme.io", count=1),
        RuleCount(rule="transform:mirror /spec/pool/*/image of Worker.acme.io", count=0),
    )


def test_claims_that_are_provisioned_as_ever_are_not_told_as_doing_nothing() -> None:
    as_ever = ClaimTransform(name="as-ever", select=EVERYTHING, policy=VolumePolicy.PROVISION)
    assert Transforming((as_ever,)).counts() == ()
