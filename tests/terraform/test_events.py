"""Every function is woken by what the code really writes, and by nothing else."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from kubestandby import layout
from kubestandby.adapters import event_wire
from kubestandby.layout import Action
from kubestandby.runtime.relay import function_for
from kubestandby.snapshots import GroupName, SnapshotId, Stage
from tests.fn.regions import RULES
from tests.terraform.running import Applied, Resource

pytestmark = pytest.mark.xdist_group("terraform")
GROUPS = (GroupName("shop"), GroupName("a-restore-b"), GroupName("raw"))
CREATED = "com.oraclecloud.objectstorage.createobject"


def keys() -> Iterator[tuple[str, str]]:
    """Every kind of object that there is, by the bucket that it is in."""
    number, moment = SnapshotId.parse("3-41"), "20261122T165000Z"
    for group in GROUPS:
        for action in Action:
            name = f"{moment}-{action}-0badcafe"
            yield "control", layout.request_key(group, name)
            yield "control", layout.request_key(group, f"{name}x2")
            yield "control", layout.outcome_key(group, name)
            yield "control", layout.begun_key(group, name)
        yield "control", layout.import_key(group, f"{moment}-0badcafe")
        yield "control", layout.delivery_key(group, "20261119", "00ff")
        yield "control", layout.epoch_key(group, 4)
        yield "control", layout.applied_key(group, number, "warm")
        yield "control", "config/00ff.yaml"
        for stage in Stage:
            yield "data", layout.index_key(stage, group, number)
            yield "data", layout.archive_key(stage, group, number)
        yield "data", layout.heartbeat_key(group, number, moment)
        yield "data", layout.report_key(group, number, moment, "restore")


def matches(condition: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """As the Events service documents it: every field that is mentioned is there, and has one of the values."""
    for name, wanted in condition.items():
        if isinstance(wanted, Mapping):
            if not isinstance(event.get(name), Mapping) or not matches(wanted, event[name]):
                return False
        elif not any(fnmatchcase(str(event.get(name)), pattern) for pattern in wanted):
            return False
    return True


def event_of(bucket: str, key: str) -> dict[str, Any]:
    return {
        "eventType": CREATED,
        "cloudEventsVersion": "0.1",
        "eventTime": "2026-11-22T16:50:00Z",
        "eventID": "1",
        "data": {"resourceName": key, "additionalDetails": {"bucketName": bucket, "namespace": "example"}},
    }


def rules(applied: Applied, module: str) -> list[Resource]:
    return [rule for rule in applied.of("oci_events_rule", module) if ".objects[" in rule.address]


def woken(applied: Applied, module: str, event: Mapping[str, Any]) -> list[str]:
    functions = {one.values["id"]: one.key for one in applied.of("oci_functions_function", module)}
    found = [rule for rule in rules(applied, module) if matches(json.loads(rule.values["condition"]), event)]
    return [functions[rule.values["actions"][0]["action"][0]["function_id"]] for rule in found]


@pytest.mark.parametrize("module", ["module.first", "module.second"])
def test_object_wakes_the_function_that_the_code_says(applied: Applied, module: str) -> None:
    names = {
        bucket.key: bucket.values["name"] for bucket in applied.of("oci_objectstorage_bucket", module) if bucket.key
    }

    for bucket, key in keys():
        wanted = function_for(key)
        found = woken(applied, module, event_of(names[bucket], key))
        # A group whose name reads like an action wakes one function too many, which finds nothing to do.
        assert set(found) >= ({wanted} if wanted else set()), key
        if "a-restore-b" not in key:
            assert found == ([wanted] if wanted else []), key


def test_objects_of_other_buckets_wake_nobody(applied: Applied) -> None:
    for _, key in keys():
        assert woken(applied, "module.first", event_of("elsewhere", key)) == []


def test_site_is_not_woken_by_the_buckets_of_the_other_one(applied: Applied) -> None:
    for bucket in applied.of("oci_objectstorage_bucket", "module.second"):
        for _, key in keys():
            assert woken(applied, "module.first", event_of(bucket.values["name"], key)) == []


def test_every_function_is_triggered(applied: Applied) -> None:
    functions = {one.values["id"] for one in applied.of("oci_functions_function")}
    triggered = {
        action["function_id"]
        for rule in applied.of("oci_events_rule")
        for action in rule.values["actions"][0]["action"]
        if rule.values["is_enabled"] and action["is_enabled"]
    }

    assert len(functions) == 6
    assert triggered == functions


def test_event_of_a_rule_is_read_by_the_code(applied: Applied) -> None:
    bucket = applied.of("oci_objectstorage_bucket", "module.first")[0].values["name"]

    event = event_wire.decode({}, json.dumps(event_of(bucket, "requests/shop/a.json")).encode())

    assert (event.bucket, event.key) == (f"oci://example/{bucket}", "requests/shop/a.json")  # type: ignore[union-attr]


@pytest.mark.parametrize(("example", "kind"), [("oke-to-oke", "oci-devops"), ("oke-to-onprem", "ocir")])
def test_deployments_ask_the_export_function_and_come_in_types_that_the_code_knows(
    applied_examples: dict[str, Applied], example: str, kind: str
) -> None:
    applied = applied_examples[example]
    found = [rule for rule in applied.of("oci_events_rule") if ".deployments[" in rule.address]
    exports = {one.values["id"] for one in applied.of("oci_functions_function") if one.key == "export"}

    assert len(found) == 2
    for rule in found:
        types = json.loads(rule.values["condition"])["eventType"]
        assert {event_wire.OCI_DEPLOYMENT_TYPES[name] for name in types} == {kind}
        assert rule.values["actions"][0]["action"][0]["function_id"] in exports


def test_whole_system_is_tested_with_these_very_rules(applied: Applied) -> None:
    kinds = {bucket.values["name"]: bucket.key for bucket in applied.of("oci_objectstorage_bucket") if bucket.key}
    functions = {one.values["id"]: one.key for one in applied.of("oci_functions_function")}
    found: dict[tuple[str, str], set[str]] = {}
    for rule in (*rules(applied, "module.first"), *rules(applied, "module.second")):
        data = json.loads(rule.values["condition"])["data"]
        function = functions[rule.values["actions"][0]["action"][0]["function_id"]]
        (bucket,) = data["additionalDetails"]["bucketName"]
        found.setdefault((function, kinds[bucket]), set()).update(data["resourceName"])

    tested = {(function, kind): set(names) for function, by_kind in RULES.items() for kind, names in by_kind.items()}
    assert found == tested
