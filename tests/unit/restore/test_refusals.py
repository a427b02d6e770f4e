"""What a server's refusal means."""

from typing import Any

import pytest

from functions.restore.refusals import (
    describe,
    explain,
    is_typing_failure,
    is_webhook_failure,
    may_pass,
    refuses_dry_run,
    silent_webhook,
)
from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.resources import ObjectRef


def refusal(status: int, words: str = "no") -> ClusterError:
    return ClusterError(words, status=status, reason="Refused")


def test_a_silent_webhook_is_told_by_its_name() -> None:
    words = 'failed calling webhook "hook.example": failed to call webhook: Post "https://x": context deadline exceeded'
    assert silent_webhook(refusal(500, words)) == "hook.example"
    assert silent_webhook(refusal(500, "conversion webhook for x failed")) == ""
    assert silent_webhook(refusal(403, words)) == ""


def test_only_an_internal_error_about_a_webhook_is_a_webhooks_failure() -> None:
    assert is_webhook_failure(refusal(500, "failed calling webhook"))
    assert not is_webhook_failure(refusal(403, "admission webhook denied the request"))
    assert not is_webhook_failure(refusal(500, "etcd leader changed"))


def test_only_a_bad_request_about_dry_run_refuses_dry_runs() -> None:
    assert refuses_dry_run(refusal(400, "admission webhook x does not support dry run"))
    assert not refuses_dry_run(refusal(400, "unknown field"))
    assert not refuses_dry_run(refusal(403, "no dry run for you"))


def test_duplicate_list_keys_are_a_typing_failure() -> None:
    assert is_typing_failure(refusal(500, "failed to create typed patch object (a/b): duplicate entries for key"))
    assert not is_typing_failure(refusal(422, "duplicate"))


def test_what_may_pass() -> None:
    assert [status for status in (400, 403, 404, 409, 422) if may_pass(refusal(status))] == [403, 404, 409]
    assert may_pass(ClusterUnavailableError("503"))


def test_long_refusals_are_cut_to_a_line() -> None:
    found = describe(refusal(422, "line\n" * 500))

    assert len(found) < 510
    assert "\n" not in found


def service(**spec: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


def test_an_address_that_cannot_be_had_is_named_with_the_way_out() -> None:
    wanted = service(clusterIP="10.0.0.7")
    error = refusal(422, "Invalid: spec.clusterIPs: Invalid value")

    told = explain(ObjectRef.of(wanted), wanted, error)

    assert "the standby cannot give the address 10.0.0.7" in told
    assert "have a transform take /spec/clusterIP and /spec/clusterIPs out" in told


@pytest.mark.parametrize("field", ["spec.ports[3].nodePort", "spec.healthCheckNodePort"])
def test_a_port_that_cannot_be_had_is_named_with_the_way_out(field: str) -> None:
    told = explain(ObjectRef.of(service()), service(), refusal(422, f"Invalid: {field}: Invalid value"))

    assert "the standby cannot give this node port" in told


def test_other_refusals_speak_for_themselves() -> None:
    other = refusal(422, "Invalid: spec.type: Unsupported value")
    config = {**service(), "kind": "ConfigMap"}

    assert explain(ObjectRef.of(service()), service(), other) == describe(other)
    assert explain(ObjectRef.of(config), config, refusal(422, "spec.clusterIP")) == "spec.clusterIP"
