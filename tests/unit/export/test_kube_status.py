import pytest

from kubestandby.adapters.kube_status import LONGEST, reason_of, server_words


def invalid(*causes: tuple[str, str], message: str = "") -> dict[str, object]:
    listed = [{"field": field, "message": text, "reason": "FieldValueInvalid"} for field, text in causes]
    return {"kind": "Status", "reason": "Invalid", "message": message, "details": {"causes": listed}}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('Invalid value: "hunter2": must be short', "Invalid value: must be short"),
        ('Invalid value: "a\\"b: hunter2": must be short', "Invalid value: must be short"),
        ("Invalid value: -1: must be greater than or equal to 0", "Invalid value: must be greater than or equal to 0"),
        ('Invalid value: core.PodSpec{Env:"hunter2: x"}: field is immutable', "Invalid value: field is immutable"),
        ('Invalid value: {"password":"hunter2"}: field is immutable', "Invalid value: field is immutable"),
        ('Invalid value: [{"password":"hunter2"', "Invalid value"),
        ('Unsupported value: "hunter2": supported values: "A", "B"', 'Unsupported value: supported values: "A", "B"'),
        ('Duplicate value: "hunter2"', "Duplicate value"),
        ("Required value: name is required", "Required value: name is required"),
    ],
)
def test_values_are_taken_out_of_what_the_server_says(message: str, words: str) -> None:
    assert server_words(invalid(("spec.a", message)), secret=False) == f"spec.a: {words}"


def test_all_causes_are_named() -> None:
    words = server_words(invalid(("spec.a", "Required value"), ("spec.b", "Required value")), secret=False)

    assert words == "spec.a: Required value; spec.b: Required value"


def test_of_a_secret_only_fields_are_named() -> None:
    body = invalid(("data[.dockerconfigjson]", 'Invalid value: "hunter2": unexpected end'), message="hunter2")

    assert server_words(body, secret=True) == "data[.dockerconfigjson]: FieldValueInvalid"


def test_what_a_webhook_says_of_a_secret_is_not_repeated() -> None:
    body = {"kind": "Status", "reason": "BadRequest", "message": "denied because of hunter2"}

    assert server_words(body, secret=True) == ""


@pytest.mark.parametrize(
    "message",
    [
        'secrets is forbidden: User "robot" cannot list resource "secrets" in API group "" in the namespace "shop"',
        'secrets "a" is forbidden: exceeded quota: small, requested: secrets=1, used: secrets=5, limited: secrets=5',
    ],
)
def test_missing_rights_and_quotas_are_explained_for_a_secret_too(message: str) -> None:
    assert server_words({"reason": "Forbidden", "message": message}, secret=True) == message


def test_denial_of_a_secret_by_a_policy_is_not_repeated() -> None:
    message = 'secrets "a" is forbidden: ValidatingAdmissionPolicy "p" denied request: hunter2 is too weak'

    assert server_words({"reason": "Forbidden", "message": message}, secret=True) == ""


def test_value_of_another_type_is_not_repeated() -> None:
    body = {"message": "failed to create: .spec.a: expected string, got &value.valueUnstructured{Value:hunter2}"}

    assert server_words(body, secret=False) == "failed to create: .spec.a: expected string, got another type"


def test_quota_is_explained() -> None:
    text = 'pods "web" is forbidden: exceeded quota: small, requested: pods=1, used: pods=5, limited: pods=5'

    assert server_words({"reason": "Forbidden", "message": text}, secret=False) == text


def test_long_texts_are_cut() -> None:
    assert len(server_words({"message": "x" * 10_000}, secret=False)) == LONGEST


def test_lines_become_one() -> None:
    assert server_words({"message": "a\n  b"}, secret=False) == "a b"


@pytest.mark.parametrize("body", [{}, {"details": None}, {"details": {"causes": [1]}}, {"details": {"causes": "x"}}])
def test_status_without_details_is_no_error(body: dict[str, object]) -> None:
    assert server_words(body, secret=False) == ""


def test_reason_falls_back_to_the_name_of_the_code() -> None:
    assert [reason_of(503, {}), reason_of(599, {}), reason_of(503, {"reason": "X"})] == [
        "ServiceUnavailable",
        "Unknown",
        "X",
    ]
