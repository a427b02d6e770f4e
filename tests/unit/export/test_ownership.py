"""Objects with an owner: which ones their owner's controller makes again."""

import pytest

from functions.export.drop_rules import Facts, dropped_by
from kubestandby.groups import Kinds
from tests.unit.export.objects import claim, config_map, obj, owner, pod, secret, service

LEFT_OUT = "owned_by_controller"


@pytest.mark.parametrize(
    ("made", "by"),
    [
        (pod(), owner("ReplicaSet", "web-1")),
        (pod(), owner("Job", "migrate", "batch/v1")),
        (pod(), owner("ReplicationController", "old", "v1")),
        (obj("apps/v1", "ReplicaSet", "web-1", "shop"), owner("Deployment", "web")),
        (obj("batch/v1", "Job", "nightly-1", "shop"), owner("CronJob", "nightly", "batch/v1")),
        (obj("discovery.k8s.io/v1", "EndpointSlice", "web-x", "shop"), owner("Service", "web", "v1")),
        (claim("scratch"), owner("Pod", "web-1", "v1")),
    ],
)
def test_what_a_built_in_controller_makes_for_its_owner_is_left_out(made: dict, by: dict) -> None:
    made["metadata"]["ownerReferences"] = [by]

    assert dropped_by(made) == LEFT_OUT
    assert dropped_by(made, Facts(include_owned=Kinds(every=True))) == LEFT_OUT


@pytest.mark.parametrize(
    ("authored", "under"),
    [
        (config_map(), owner("ConfigMap", "parent", "v1")),
        (secret("cert"), owner("Deployment", "web")),
        (service(), owner("ReplicaSet", "web-1")),
        (claim(), owner("StatefulSet", "db")),
        (obj("cert-manager.io/v1", "Certificate", "web", "shop"), owner("Ingress", "web", "networking.k8s.io/v1")),
    ],
)
def test_what_no_built_in_controller_makes_for_its_owner_crosses(authored: dict, under: dict) -> None:
    authored["metadata"]["ownerReferences"] = [under]

    assert dropped_by(authored) == ""


def test_what_a_custom_resource_controls_is_left_to_its_operator() -> None:
    assert dropped_by(secret("cert", owners=[owner("Certificate", "cert", "cert-manager.io/v1")])) == LEFT_OUT


def test_what_a_custom_resource_controls_crosses_where_the_group_wants_the_kind() -> None:
    facts = Facts(include_owned=Kinds(names=frozenset({"Secret"})))
    by = [owner("Certificate", "cert", "cert-manager.io/v1")]

    assert dropped_by(secret("cert", owners=by), facts) == ""
    assert dropped_by(config_map(owners=by), facts) == LEFT_OUT


def test_a_custom_kind_with_the_name_of_a_built_in_one_is_custom() -> None:
    assert dropped_by(config_map(owners=[owner("Deployment", "x", "example.com/v1")])) == LEFT_OUT
