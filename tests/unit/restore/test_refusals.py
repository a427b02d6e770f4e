"""What a server's refusal means."""

from functions.restore.refusals import describe, is_typing_failure, is_webhook_failure, may_pass, refuses_dry_run
from kubestandby.errors import ClusterError, ClusterUnavailableError


def refusal(status: int, words: str = "no") -> ClusterError:
    return ClusterError(words, status=status, reason="Refused")


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
