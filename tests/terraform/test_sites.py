"""Both sites are alike, so that roles change without Terraform; and nothing secret is written down."""

import json
import logging
import re

import pytest

from kubestandby.runtime.logs import JsonFormatter
from tests.terraform.running import Applied, Resource

pytestmark = pytest.mark.xdist_group("terraform")
SETTINGS = {
    "oci_functions_function": ("memory_in_mbs", "timeout_in_seconds", "detached_mode_timeout_in_seconds"),
    "oci_functions_application": ("shape",),
    "oci_resource_scheduler_schedule": ("action", "recurrence_type", "recurrence_details", "state"),
    "oci_objectstorage_bucket": (
        "access_type",
        "storage_tier",
        "versioning",
        "object_events_enabled",
    ),
    "oci_monitoring_alarm": ("namespace", "severity", "body", "pending_duration", "repeat_notification_duration"),
    "oci_kms_key": ("protection_mode",),
    "oci_events_rule": ("is_enabled",),
    "oci_apigateway_gateway": ("endpoint_type",),
    "oci_logging_log": ("is_enabled", "retention_duration"),
    "oci_identity_dynamic_group": (),
}
"""What is compared of each type: all that an input can make different, without names and OCIDs."""


def _site(applied: Applied, module: str) -> dict[str, Resource]:
    """A site's resources by address, without the module and without the site's own addresses."""
    found = (one for one in applied.resources if one.address.startswith(module))
    return {re.sub(r'\["[0-9./]+"\]', "[ADDRESS]", one.address.removeprefix(module)): one for one in found}


def test_both_sites_have_the_same_resources(applied: Applied) -> None:
    first, second = _site(applied, "module.first."), _site(applied, "module.second.")

    assert {name for name in first.keys() ^ second.keys() if "kubeconfig" not in name} == set()
    assert len(first) > 50


def test_both_sites_are_configured_alike(applied: Applied) -> None:
    first, second = _site(applied, "module.first."), _site(applied, "module.second.")

    for name in first.keys() & second.keys():
        for setting in SETTINGS.get(first[name].type, ()):
            assert first[name].values[setting] == second[name].values[setting], f"{name}: {setting}"


def test_rights_of_one_site_are_those_of_the_other_mirrored(applied: Applied) -> None:
    functions = applied.of("oci_functions_function")
    names = list(dict.fromkeys(function.values["config"]["KUBESTANDBY_SITE"] for function in functions))
    mirror = dict(zip(names, reversed(names), strict=True))
    objects = {
        policy.key: set(policy.values["statements"])
        for policy in applied.of("oci_identity_policy", "module.function_access.oci_identity_policy.objects")
    }

    mirrored = {re.sub("|".join(names), lambda found: mirror[found.group()], line) for line in objects[names[0]]}

    assert mirrored == objects[names[1]]


def test_secret_holds_a_placeholder_only(applied: Applied) -> None:
    for secret in applied.of("oci_vault_secret"):
        (content,) = secret.values["secret_content"]
        assert content["content"] == "bm90IHNldCB5ZXQ="


def test_nothing_secret_is_in_a_functions_configuration(applied: Applied) -> None:
    for function in applied.of("oci_functions_function"):
        config = function.values["config"]
        assert config.keys() == {
            "KUBESTANDBY_CONFIG",
            "KUBESTANDBY_SITE",
            "KUBESTANDBY_LOG_LEVEL",
            "KUBESTANDBY_PUSH_AFTER_SECONDS",
        }
        assert len(json.dumps(config)) < 4096
        assert int(config["KUBESTANDBY_PUSH_AFTER_SECONDS"]) > function.values["timeout_in_seconds"]


def test_every_dead_end_is_told(applied: Applied) -> None:
    topics = {topic.values["id"] for topic in applied.of("oci_ons_notification_topic") if ".alerts." in topic.address}
    alarms = applied.of("oci_monitoring_alarm")
    watched = " ".join(alarm.values["query"] for alarm in alarms if set(alarm.values["destinations"]) <= topics)

    for kind in ("oci_functions_function", "oci_events_rule", "oci_apigateway_deployment"):
        for one in applied.of(kind):
            assert one.values["id"] in watched, one.address
    for function in applied.of("oci_functions_function"):
        (destination,) = function.values["failure_destination"]
        assert destination["topic_id"] in topics
    logs = {log.values["id"]: log for log in applied.of("oci_logging_log")}
    told = {
        source["log_id"]
        for connector in applied.of("oci_sch_service_connector")
        for source in connector.values["source"][0]["log_sources"]
    }
    for identity, log in logs.items():
        is_dead_end = log.values["configuration"][0]["source"][0]["service"] in ("functions", "cloudevents")
        assert (identity in told) is is_dead_end
    assert all(one.values["topic_id"] in topics | _timers(applied) for one in applied.of("oci_ons_subscription"))


def test_log_line_that_is_told_is_one_of_level_error(applied: Applied) -> None:
    (connector,) = (one for one in applied.of("oci_sch_service_connector", "module.first") if one.key == "functions")
    (task,) = connector.values["tasks"]
    found = re.fullmatch(r"logContent='\*(.+)\*'", task["condition"])
    assert found

    lines = {
        level: JsonFormatter().format(logging.LogRecord("a", number, "a.py", 1, "failed", None, None))
        for level, number in logging.getLevelNamesMapping().items()
    }

    assert [level for level, line in lines.items() if found[1] in line] == ["ERROR"]


def _timers(applied: Applied) -> set[str]:
    return {topic.values["id"] for topic in applied.of("oci_ons_notification_topic") if ".timer" in topic.address}


def test_gateway_lets_in_webhooks_only_and_not_too_many(applied: Applied) -> None:
    deployments = applied.of("oci_apigateway_deployment")

    assert len(deployments) == 2
    for deployment in deployments:
        (specification,) = deployment.values["specification"]
        (limit,) = specification["request_policies"][0]["rate_limiting"]
        (route,) = specification["routes"]
        assert (limit["rate_key"], limit["rate_in_requests_per_second"]) == ("CLIENT_IP", 5)
        assert deployment.values["path_prefix"] + route["path"] == "/webhooks/{group}/{webhook}"
        assert route["methods"] == ["POST"]


def test_functions_take_no_connections(applied: Applied) -> None:
    for rule in applied.of("oci_core_network_security_group_security_rule"):
        if rule.values["direction"] == "INGRESS":
            assert ".webhooks[" in rule.address
    for subnet in applied.of("oci_core_subnet"):
        if subnet.address.endswith(".functions"):
            assert subnet.values["prohibit_public_ip_on_vnic"] is True
            assert subnet.values["prohibit_internet_ingress"] is True


def test_private_gateway_cannot_be_reached_from_the_internet(applied_examples: dict[str, Applied]) -> None:
    applied = applied_examples["onprem-to-onprem"]

    assert {one.values["endpoint_type"] for one in applied.of("oci_apigateway_gateway")} == {"PRIVATE"}
    assert not applied.of("oci_core_internet_gateway")
    assert all(subnet.values["prohibit_internet_ingress"] for subnet in applied.of("oci_core_subnet"))
    rules = applied.of("oci_core_network_security_group_security_rule")
    assert {rule.values["source"] for rule in rules if rule.values["direction"] == "INGRESS"} == {"192.168.0.0/16"}
