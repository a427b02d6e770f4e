"""What holds for every manifest, whatever is in it."""

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.sanitize.context import SnapshotContext
from functions.sanitize.rules import GENERIC_RULES, KIND_RULES, sanitize
from kubestandby.errors import ManifestError
from kubestandby.resources import GVK
from tests.unit.sanitize.samples import LAST_APPLIED, UID, Json

# Words that rules look for, so that what is drawn meets them at every depth.
WORDS = (
    "uid",
    "status",
    "clusterIP",
    "nodePort",
    "nodeName",
    "creationTimestamp",
    "resourceVersion",
    "token",
    "ca.crt",
    "finalizers",
    "kubernetes",
    "annotations",
    "labels",
    "metadata",
    "spec",
    "template",
    "controller-uid",
    "None",
    UID,
)
words = st.sampled_from(WORDS) | st.text(max_size=4)
scalars = st.none() | st.booleans() | st.integers(-9, 99_999) | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(words, values, max_size=4)
texts = st.dictionaries(words, st.text(max_size=5), max_size=3)

PORTS = st.lists(
    st.fixed_dictionaries(
        {"port": st.sampled_from([80, 443])},
        optional={"protocol": st.sampled_from(["TCP", "UDP"]), "nodePort": st.integers(30000, 30009)},
    ),
    max_size=3,
)
OWNED: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {},
    optional={
        "f:clusterIP": st.just({}),
        "f:nodeName": st.just({}),
        "f:ipFamilies": st.just({}),
        "f:ports": st.just({'k:{"port":80,"protocol":"TCP"}': {"f:nodePort": {}}}),
    },
)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "ports": PORTS,
        "clusterIP": st.sampled_from(["10.96.0.7", "None"]),
        "clusterIPs": st.just(["10.96.0.7"]),
        "ipFamilies": st.just(["IPv4"]),
        "healthCheckNodePort": st.just(30123),
        "nodeName": st.just("node-1"),
        "priority": st.just(7),
        "volumeName": st.sampled_from(["pvc-1", "nfs-1"]),
        "claimRef": st.fixed_dictionaries({"name": st.just("data")}, optional={"uid": st.just(UID)}),
        "dataSource": st.just({"kind": "PersistentVolumeClaim", "name": "a"}),
        "manualSelector": st.booleans(),
        "selector": st.just({"matchLabels": {"controller-uid": UID}}),
        "suspend": st.booleans(),
        "tolerations": st.just(
            [
                {
                    "key": "node.kubernetes.io/not-ready",
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 300,
                }
            ]
        ),
        "template": st.fixed_dictionaries(
            {
                "metadata": st.fixed_dictionaries(
                    {"labels": st.sampled_from([{"controller-uid": UID}, {"a": "b", "controller-uid": UID}])},
                    optional={"creationTimestamp": st.none()},
                )
            }
        ),
        "finalizers": st.just(["kubernetes", "mine"]),
        "preserveUnknownFields": st.booleans(),
        "versions": st.just([{"name": "v1"}]),
        "x": values,
    },
)
STATUSES = st.sampled_from([{}, {"phase": "Running"}, {"conditions": [{"type": "Complete", "status": "True"}]}])
KINDS = st.sampled_from([*KIND_RULES, ("", "LimitRange"), ("example.com", "Service"), ("example.com", "Job")])


@st.composite
def manifests(draw: st.DrawFn) -> Json:
    """An object as a server shows it, or as its author wrote it; its fields are of the right types."""
    group, kind = draw(KINDS)
    metadata: Json = {"name": "web", "namespace": "shop"}
    metadata |= draw(st.fixed_dictionaries({}, optional={"labels": texts, "annotations": _annotations()}))
    if draw(st.booleans()):
        fields = {"f:spec": draw(OWNED)}
        metadata |= {"uid": UID, "resourceVersion": "7", "managedFields": [{"manager": "helm", "fieldsV1": fields}]}
    metadata |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "generateName": st.just("web-"),
                "ownerReferences": st.just([{"kind": "Shop", "apiVersion": "example.com/v1", "name": "a", "uid": UID}]),
                "finalizers": st.just(["kubernetes.io/pvc-protection", "mine"]),
            },
        )
    )
    body: Json = draw(
        st.fixed_dictionaries({}, optional={"spec": SPECS, "status": STATUSES, "data": objects, "type": words})
    )
    return {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": metadata, **body}


def _annotations() -> st.SearchStrategy[Json]:
    names = [
        LAST_APPLIED,
        "pv.kubernetes.io/bound-by-controller",
        "pv.kubernetes.io/bind-completed",
        "deployment.kubernetes.io/revision",
        "note",
    ]
    applied = json.dumps({"spec": {"clusterIP": "10.96.0.7", "ports": [{"port": 80, "nodePort": 30001}]}})
    return st.dictionaries(st.sampled_from(names), st.sampled_from(["yes", applied]), max_size=4)


CONTEXT = SnapshotContext(
    status_is_data=frozenset({GVK("example.com", "v1", "Job")}), left_out_volumes=frozenset({"pvc-1"})
)


@given(manifests())
def test_sanitizing_twice_equals_sanitizing_once(manifest: Json) -> None:
    once = sanitize(manifest, CONTEXT).manifest

    if once is not None:
        again = sanitize(once, CONTEXT)
        assert (again.manifest, again.rules) == (once, ())
        assert again.manifest is once


@given(manifests())
def test_the_manifest_that_goes_in_is_never_changed(manifest: Json) -> None:
    before = copy.deepcopy(manifest)

    sanitize(manifest, CONTEXT)

    assert manifest == before


@given(manifests())
def test_a_rule_is_named_exactly_if_something_changed(manifest: Json) -> None:
    done = sanitize(manifest, CONTEXT)

    assert (done.manifest == manifest) == (done.rules == ())
    assert len(set(done.rules)) == len(done.rules)


@given(objects, objects)
def test_nothing_in_data_or_in_a_custom_resources_spec_is_touched(data: Json, spec: Json) -> None:
    served = {"name": "web", "namespace": "shop", "uid": UID, "managedFields": []}

    for kind, fields in (
        (("v1", "ConfigMap"), {"data": data, "binaryData": spec}),
        (("v1", "Secret"), {"data": data, "stringData": spec}),
        (("example.com/v1", "Service"), {"spec": spec, "data": data}),
        (("example.com/v1", "Pod"), {"spec": spec, "other": data}),
    ):
        manifest = {"apiVersion": kind[0], "kind": kind[1], "metadata": served, **fields}
        cleaned = sanitize(manifest, CONTEXT).manifest
        assert cleaned is not None
        assert {name: cleaned[name] for name in fields} == fields


@settings(max_examples=300)
@given(KINDS, values, values, st.dictionaries(words, values, max_size=3))
def test_whatever_the_types_the_outcome_is_a_manifest_or_one_error_of_ours(
    kind: tuple[str, str], spec: Any, status: Any, metadata: Json
) -> None:
    manifest = {"apiVersion": f"{kind[0]}/v1" if kind[0] else "v1", "kind": kind[1], "spec": spec, "status": status}
    manifest["metadata"] = {**metadata, "name": "web"}

    with suppress(ManifestError):
        sanitize(manifest, CONTEXT)


@given(st.permutations([rule for rules in KIND_RULES.values() for rule in rules]), manifests())
def test_rules_of_a_kind_give_the_same_in_any_order(order: list[Any], manifest: Json) -> None:
    """But for the one pair that is ordered: annotations that a binder left are read before they are dropped."""
    kind = GVK.of(manifest).group_kind
    mine = [rule for rule in order if rule in KIND_RULES.get(kind, ())]
    mine.sort(key=lambda rule: rule.__name__ == "drop_claim_annotations")

    result: Any = manifest
    for rule in dict.fromkeys([*mine, *GENERIC_RULES]):
        result = rule(result, CONTEXT) if result is not None else None

    assert result == sanitize(manifest, CONTEXT).manifest


ALL_RULES = dict.fromkeys((*GENERIC_RULES, *(rule for rules in KIND_RULES.values() for rule in rules)))


@pytest.mark.parametrize("rule", ALL_RULES)
def test_every_rule_says_what_it_does_and_has_a_name_of_the_house(rule: Any) -> None:
    assert rule.__name__.startswith(("drop_", "clear_", "carry_", "suspend_"))
    assert rule.__doc__
