from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from kubestandby import codec
from kubestandby.errors import FormatError
from kubestandby.layout import Action
from kubestandby.reports import Change, FieldDiff, ObjectResult, Purpose, RestoreReport
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.resources import GVK, ObjectRef
from kubestandby.snapshots import ImageUse, RuleCount, SiteName, SnapshotId, SnapshotIndex, TypeSummary
from tests.unit.stored_form.samples import GROUP, NOON, built, index_of

REQUEST = Request(group=GROUP, name="t-export-1", action=Action.EXPORT, origin="timer", requested_at=NOON)
OUTCOME = Outcome(
    group=GROUP,
    request="t-export-1",
    verdict=Verdict.DONE,
    message="done",
    finished_at=NOON,
    snapshot=SnapshotId(1, 7),
    details={"objects": 3, "seconds": 1.5},
)
REPORT = RestoreReport(
    group=GROUP,
    snapshot=SnapshotId(1, 7),
    purpose=Purpose.FAILOVER,
    mode="hot",
    site=SiteName("west"),
    target_cluster="uid",
    requested_at=NOON,
    started_at=NOON,
    finished_at=NOON,
    results=(
        ObjectResult(
            ref=ObjectRef(GVK("apps", "v1", "Deployment"), "shop", "web"),
            change=Change.CONFIGURED,
            diffs=(FieldDiff("spec.replicas", "1", "2"),),
        ),
    ),
    phases={"apply": 0.5},
    rpo_seconds=3.25,
)


@pytest.mark.parametrize("value", [REQUEST, OUTCOME, REPORT], ids=lambda value: type(value).__name__)
def test_what_is_encoded_decodes_to_the_same(value: object) -> None:
    assert codec.decode(codec.encode(value), type(value), "test") == value


def test_index_with_every_field_survives() -> None:
    with built() as archive:
        index = index_of(
            archive,
            types=(TypeSummary(gvk=GVK("", "v1", "ConfigMap"), plural="configmaps", count=2, resource_version="17"),),
            failures=("metrics.k8s.io: 503",),
            images=(ImageUse(reference="example.com/web:1", used_by=("Deployment.apps shop/web",)),),
            dropped=(RuleCount(rule="events", count=4),),
            rules=(RuleCount(rule="drop_status", count=2),),
        )

    assert codec.decode(codec.encode(index), SnapshotIndex, "test") == index


def test_bytes_are_sorted_and_without_spaces() -> None:
    assert codec.encode(REQUEST) == (
        b'{"accept_stale":null,"action":"export","after_epoch":0,"after_sha256":"","attempt":1,"continues":"",'
        b'"group":"shop","mode":"","name":"t-export-1","order":null,"origin":"timer","parts":[],"prune_all":false,'
        b'"requested_at":"2026-11-22T12:00:00Z","snapshot":null,"to":null}'
    )


def test_field_of_a_newer_version_is_ignored() -> None:
    newer = codec.encode(REQUEST).replace(b"{", b'{"zone":"new",', 1)

    assert codec.decode(newer, Request, "test") == REQUEST


def test_field_that_older_versions_did_not_write_has_its_default() -> None:
    older = codec.encode(REQUEST).replace(b',"attempt":1', b"")

    assert codec.decode(older, Request, "test") == REQUEST


def test_moment_in_another_time_zone_is_the_same_moment() -> None:
    elsewhere = replace(REQUEST, requested_at=NOON.astimezone(timezone(timedelta(hours=5))))

    assert codec.decode(codec.encode(elsewhere), Request, "test") == REQUEST


def test_moment_without_an_offset_is_refused_both_ways() -> None:
    with pytest.raises(FormatError, match="requested_at is a moment without an offset"):
        codec.encode(replace(REQUEST, requested_at=datetime(2026, 1, 1)))  # noqa: DTZ001
    with pytest.raises(FormatError, match="requested_at is a moment without an offset"):
        codec.decode(codec.encode(REQUEST).replace(b"12:00:00Z", b"12:00:00"), Request, "request x")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{",
        b"\xff\xfe",
        b'{"group":1}',
        b'"' + b"a" * 10,
        b"[" * 100_000,
        codec.encode(REQUEST)[:-1],
        codec.encode(REQUEST) + b"{}",
        codec.encode(REQUEST).replace(b'"attempt":1', b'"attempt":"1"'),
        codec.encode(REQUEST).replace(b'"attempt":1', b'"attempt":1.5'),
        codec.encode(REQUEST).replace(b'"attempt":1', b'"attempt":' + b"9" * 5000),
        codec.encode(REQUEST).replace(b'"export"', b'"explode"'),
        codec.encode(REQUEST).replace(b"2026-11-22", b"2026-13-45"),
        codec.encode(REQUEST).replace(b'"shop"', b'"\xff"'),
        codec.encode(REQUEST).replace(b'"shop"', b'"\\ud800"'),
    ],
)
def test_what_is_not_in_our_form_is_a_format_error_that_names_the_source(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"^request 17 is n"):
        codec.decode(data, Request, "request 17")


def test_deep_nesting_where_anything_is_allowed_is_a_format_error() -> None:
    deep = codec.encode(OUTCOME).replace(b'"objects":3', b'"objects":' + b"[" * 100_000)

    with pytest.raises(FormatError, match="outcome 17 is"):
        codec.decode(deep, Outcome, "outcome 17")


def test_what_json_does_not_know_cannot_be_encoded() -> None:
    with pytest.raises(FormatError, match="Outcome cannot be written as JSON"):
        codec.encode(replace(OUTCOME, details={"object": object()}))


def test_error_names_the_field_and_not_its_value() -> None:
    with pytest.raises(FormatError) as caught:
        codec.decode(codec.encode(REQUEST).replace(b'"export"', b'"hunter2"'), Request, "request 17")

    assert "$.action" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", [{"b": 1, "a": [1.5, None, "é"]}, {}, []])
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: object) -> None:
    backwards = dict(reversed(value.items())) if isinstance(value, dict) else value

    assert codec.canonical_json(backwards) == codec.canonical_json(value)
