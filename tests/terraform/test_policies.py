"""Who may do what: every statement of every example is parsed, and looked at."""

import pytest

from tests.terraform.running import Applied
from tests.terraform.statements import Statement, matching_rule, read

pytestmark = pytest.mark.xdist_group("terraform")
MOST_STATEMENTS = 50
"""Of one policy: OCI's limit."""


def statements(applied: Applied) -> list[Statement]:
    return [read(text) for text in applied.statements]


def test_every_statement_is_one_and_is_bound_to_a_compartment(applied: Applied) -> None:
    found = statements(applied)

    assert len(found) > 80
    assert {one.location_type for one in found} == {"compartment-id"}
    assert all(one.location.startswith("ocid1.compartment.") for one in found)


def test_nobody_manages_and_nothing_is_meant_as_a_whole(applied: Applied) -> None:
    for one in statements(applied):
        assert one.verb != "manage", one.text
        assert one.resource not in ("all-resources", "object-family", "buckets", "objects"), one.text


def test_whoever_is_not_one_of_our_functions_is_bound_by_conditions(applied: Applied) -> None:
    for one in statements(applied):
        if one.subject_type == "any-user":
            assert one.conditions.get("request.principal.type"), one.text
            assert len(one.conditions) > 1, one.text
        elif one.subject_type == "service" and one.subject != "cloudEvents":
            assert one.conditions.keys() <= {"target.key.id", "target.bucket.name"}, one.text
            assert one.conditions, one.text


def test_only_events_may_invoke_without_a_condition_and_only_invoke(applied: Applied) -> None:
    free = [one for one in statements(applied) if not one.conditions]

    assert {(one.subject_type, one.subject, one.verb, one.resource) for one in free} == {
        ("service", "cloudEvents", "use", "functions-family")
    }


def test_dynamic_group_is_exactly_one_function(applied: Applied) -> None:
    groups = applied.of("oci_identity_dynamic_group")
    functions = {one.values["id"]: one.key for one in applied.of("oci_functions_function")}
    rules = {group.key: matching_rule(group.values["matching_rule"]) for group in groups}

    assert len(rules) == 6
    for name, (mode, compared) in rules.items():
        assert mode == "all"
        assert compared["resource.type"] == "fnfunc"
        assert functions[compared["resource.id"]] == name.rpartition("-")[2]
    assert len({compared["resource.id"] for _, compared in rules.values()}) == 6


def test_every_subject_that_is_a_dynamic_group_is_one_of_ours(applied: Applied) -> None:
    ours = {group.values["name"] for group in applied.of("oci_identity_dynamic_group")}

    named = {one.subject for one in statements(applied) if one.subject_type == "dynamic-group"}

    assert named == ours


def test_policy_has_no_more_statements_than_oci_allows(applied: Applied) -> None:
    for policy in applied.of("oci_identity_policy"):
        assert len(policy.values["statements"]) <= MOST_STATEMENTS, policy.address


def test_function_reads_secrets_of_its_own_site_and_role_only(applied: Applied) -> None:
    names = {secret.values["id"]: secret.values["secret_name"] for secret in applied.of("oci_vault_secret")}
    private = {"export": {"export.key", "fingerprint.key", "unseal.age"}, "sanitize": {"sanitize.key"}}
    private["restore"] = {"restore.key", "unseal.age"}

    for one in statements(applied):
        if one.resource != "secret-bundles":
            continue
        site, _, function = one.subject.removeprefix("kubestandby-").rpartition("-")
        assert one.verb == "read"
        assert one.location.endswith(f"..{site}")
        files = {name.removeprefix("kubestandby-") for name in one.conditions.get("target.secret.name", ())}
        assert files - {"trust.json", "root.pub"} <= private[function]
        for secret in one.conditions.get("target.secret.id", ()):
            assert names[secret].startswith(f"kubestandby-{site}-")
            assert function == "export" or names[secret] == f"kubestandby-{site}-kubeconfig"
            assert function != "sanitize"


def test_key_that_signs_is_used_by_its_own_function_only(applied: Applied) -> None:
    signing = {
        key.values["id"]: key.address for key in applied.of("oci_kms_key") if ".oci_kms_key.signing" in key.address
    }
    uses = [one for one in statements(applied) if one.resource == "keys" and one.subject_type == "dynamic-group"]

    assert len(uses) == len(signing)
    for one in uses:
        (key,) = one.conditions["target.key.id"]
        assert one.verb == "use"
        assert signing[key].endswith(f'["{one.subject.rpartition("-")[2]}"]')


def test_sanitize_reaches_no_cluster(applied: Applied) -> None:
    reaching = {one.subject.rpartition("-")[2] for one in statements(applied) if one.resource == "clusters"}

    assert reaching <= {"export", "restore"}
    assert all(one.conditions["target.cluster.id"] for one in statements(applied) if one.resource == "clusters")


def test_only_schedules_of_ours_may_invoke_and_only_the_export_function(applied: Applied) -> None:
    schedules = {one.values["id"] for one in applied.of("oci_resource_scheduler_schedule")}
    exports = {one.values["id"] for one in applied.of("oci_functions_function") if one.key == "export"}
    named: set[str] = set()
    for one in statements(applied):
        if one.conditions.get("request.principal.type") == {"resourceschedule"}:
            named |= one.conditions["request.principal.id"]
            assert one.resource == "fn-function" or one.conditions["target.function.id"] <= exports

    assert named == schedules
