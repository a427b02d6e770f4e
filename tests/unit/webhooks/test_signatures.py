"""A delivery proves whom it comes from by its raw bytes, or it is refused."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubestandby.errors import ConfigError
from kubestandby.groups import WebhookKind
from kubestandby.runtime.webhooks.signatures import Delivery, UnprovenError, check_proof, github_signature
from tests.unit.webhooks.hooks import (
    ANYTHING,
    OTHER,
    SECRET,
    SIGNING,
    SIGNING_KEY,
    Sent,
    argocd,
    flux,
    github,
    gitlab,
    hex_signature,
    standard,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAYLOAD = {"a": 1}
SENDERS = {
    WebhookKind.GITHUB: (github(PAYLOAD), SECRET),
    WebhookKind.GITLAB: (gitlab(PAYLOAD), SECRET),
    WebhookKind.ARGOCD: (argocd(PAYLOAD), SECRET),
    WebhookKind.FLUX: (flux(PAYLOAD), SECRET),
    WebhookKind.STANDARD: (standard(PAYLOAD, at=NOW.timestamp()), SIGNING),
}
PROOF = {
    WebhookKind.GITHUB: "X-Hub-Signature-256",
    WebhookKind.GITLAB: "X-Gitlab-Token",
    WebhookKind.ARGOCD: "Authorization",
    WebhookKind.FLUX: "X-Signature",
    WebhookKind.STANDARD: "webhook-signature",
}
KINDS = tuple(SENDERS)
SIGNED = (WebhookKind.GITHUB, WebhookKind.FLUX, WebhookKind.STANDARD)


def proves(kind: WebhookKind, sent: Sent, *secrets: bytes, now: datetime = NOW) -> bool:
    try:
        check_proof(kind, sent.delivery, secrets or (SENDERS[kind][1],), now)
    except UnprovenError:
        return False
    return True


def with_proof(kind: WebhookKind, value: str) -> Sent:
    sent = SENDERS[kind][0]
    return Sent({**sent.headers, PROOF[kind]: value}, sent.body)


def test_githubs_own_vector():
    """From GitHub's "Validating webhook deliveries"."""
    signature = github_signature(b"It's a Secret to Everybody", b"Hello, World!")

    assert signature == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_vector_of_standard_webhooks():
    """From the test suite of the Standard Webhooks libraries."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    sent = Sent(headers, b'{"test": 2432232314}')
    then = datetime.fromtimestamp(1614265330, UTC)

    assert proves(WebhookKind.STANDARD, sent, b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now=then)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_sender_made_is_proven(kind: WebhookKind):
    assert proves(kind, SENDERS[kind][0])


@pytest.mark.parametrize("kind", KINDS)
def test_either_of_two_secrets_is_right(kind: WebhookKind):
    sent, secret = SENDERS[kind]

    assert proves(kind, sent, OTHER, secret)
    assert proves(kind, sent, secret, OTHER)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not WebhookKind.STANDARD])
def test_another_secret_is_wrong(kind: WebhookKind):
    assert not proves(kind, SENDERS[kind][0], OTHER)


def test_another_signing_key_is_wrong():
    assert not proves(WebhookKind.STANDARD, SENDERS[WebhookKind.STANDARD][0], b"whsec_" + b"QUJD" * 8)


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_proof_nothing_is_taken(kind: WebhookKind):
    sent = SENDERS[kind][0]
    left = {name: value for name, value in sent.headers.items() if name != PROOF[kind]}

    assert not proves(kind, Sent(left, sent.body))
    assert not proves(kind, with_proof(kind, ""))


@pytest.mark.parametrize("kind", KINDS)
def test_a_proof_that_was_sent_twice_is_none(kind: WebhookKind):
    """The server joins repeated headers with a comma."""
    value = SENDERS[kind][0].headers[PROOF[kind]]

    assert not proves(kind, with_proof(kind, f"{value},{value}"))
    assert not proves(kind, with_proof(kind, f"wrong,{value}"))


@pytest.mark.parametrize("kind", SIGNED)
@pytest.mark.parametrize("body", [b"", b'{"a":1}', b'{"a": 2}', b'{"a": 1} ', b"\xff\xfe"])
def test_another_body_is_not_proven(kind: WebhookKind, body: bytes):
    assert not proves(kind, Sent(SENDERS[kind][0].headers, body))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["\xff\xfe\xfd", "ü" * 40, "\u20ac", "\x00", "x" * 5000, "sha256=", "v1,", "Bearer "])
def test_bytes_that_are_no_text_are_refused_and_nothing_more(kind: WebhookKind, value: str):
    assert not proves(kind, with_proof(kind, value))


def test_a_token_that_is_not_ascii_is_compared_as_bytes():
    """GitLab sends the token in UTF-8, which WSGI hands over as Latin-1."""
    token = "größer als sechzehn Bytes".encode()

    assert proves(WebhookKind.GITLAB, gitlab(PAYLOAD, token=token), token)
    assert not proves(WebhookKind.GITLAB, gitlab(PAYLOAD, token=token[:-1]), token)


@pytest.mark.parametrize(
    "value", ["sha1=ab", "SHA256=ab", "md5=ab", "sha224=ab", "ab", "=", "sha256", "blake2b=ab", "shake_128=ab"]
)
def test_flux_takes_sha256_and_longer_only(value: str):
    assert not proves(WebhookKind.FLUX, with_proof(WebhookKind.FLUX, value))


@pytest.mark.parametrize("name", ["sha1", "sha224", "md5"])
def test_a_right_signature_with_a_short_hash_is_refused(name: str):
    assert not proves(WebhookKind.FLUX, flux(PAYLOAD, name=name))


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_flux_may_use_longer_hashes(name: str):
    assert proves(WebhookKind.FLUX, flux(PAYLOAD, name=name))


def test_githubs_old_signature_alone_is_no_proof():
    sent = github(PAYLOAD)
    old = Sent({"X-Hub-Signature": hex_signature(SECRET, sent.body, "sha1")}, sent.body)

    assert not proves(WebhookKind.GITHUB, old)


@pytest.mark.parametrize("scheme", ["Basic", "Token", "", "Bearerx"])
def test_argocd_uses_the_scheme_bearer(scheme: str):
    assert not proves(WebhookKind.ARGOCD, with_proof(WebhookKind.ARGOCD, f"{scheme} {SECRET.decode()}"))


# time


@pytest.mark.parametrize(("seconds", "taken"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)])
def test_a_clock_may_be_five_minutes_off(seconds: int, taken: bool):
    sent = standard(PAYLOAD, at=NOW.timestamp())

    assert proves(WebhookKind.STANDARD, sent, now=NOW + timedelta(seconds=seconds)) is taken


def test_a_delivery_of_yesterday_is_a_replay():
    assert not proves(WebhookKind.STANDARD, standard(PAYLOAD, at=NOW.timestamp() - 86_400))


def test_a_time_that_is_not_the_signed_one_is_no_proof():
    old = standard(PAYLOAD, at=NOW.timestamp() - 86_400)

    assert not proves(WebhookKind.STANDARD, old.with_headers(webhook_timestamp=str(int(NOW.timestamp()))))


def test_an_id_that_is_not_the_signed_one_is_no_proof():
    assert not proves(WebhookKind.STANDARD, SENDERS[WebhookKind.STANDARD][0].with_headers(webhook_id="msg_other"))


def signed_as(identity: bytes, timestamp: bytes) -> Sent:
    """A delivery whose signature is right, whatever id and time it has."""
    signature = hmac.new(SIGNING_KEY, b".".join((identity, timestamp, b"{}")), hashlib.sha256).digest()
    headers = {
        "webhook-id": identity.decode("latin-1"),
        "webhook-timestamp": timestamp.decode("latin-1"),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
    return Sent(headers, b"{}")


SECONDS = str(int(NOW.timestamp())).encode()


def test_a_signed_id_and_time_in_their_forms_are_taken():
    assert proves(WebhookKind.STANDARD, signed_as(b"msg_1", SECONDS))


@pytest.mark.parametrize(
    "value",
    [b"-5", b"+" + SECONDS, b"1e9", b"0x10", b" " + SECONDS, SECONDS + b" ", SECONDS + b"\n", b"9" * 5000, b"NaN"],
)
def test_a_signed_timestamp_is_a_number_of_seconds(value: bytes):
    assert not proves(WebhookKind.STANDARD, signed_as(b"msg_1", value))


@pytest.mark.parametrize("value", [b"a b", b"a" * 257, b"\x7f", b"\xc3\xbc", b"a\tb", b"a\n"])
def test_a_signed_id_is_a_short_word(value: bytes):
    assert not proves(WebhookKind.STANDARD, signed_as(value, SECONDS))


def test_one_right_signature_among_several_is_enough():
    sent = standard(PAYLOAD, at=NOW.timestamp())
    right = sent.headers["webhook-signature"]

    assert proves(WebhookKind.STANDARD, sent.with_headers(webhook_signature=f"v1a,AAAA v1,AAAA {right}"))


def test_signatures_without_end_are_not_looked_at():
    sent = standard(PAYLOAD, at=NOW.timestamp())
    right = sent.headers["webhook-signature"]

    assert not proves(WebhookKind.STANDARD, sent.with_headers(webhook_signature="v1,AAAA " * 40 + right))


@pytest.mark.parametrize("version", ["v2", "v1a", "V1", "", "v11"])
def test_signatures_of_other_versions_do_not_count(version: str):
    sent = standard(PAYLOAD, at=NOW.timestamp())
    value = sent.headers["webhook-signature"].partition(",")[2]

    assert not proves(WebhookKind.STANDARD, sent.with_headers(webhook_signature=f"{version},{value}"))


def test_a_signing_secret_that_is_not_base64_is_a_wrong_configuration():
    with pytest.raises(ConfigError, match="not whsec_BASE64") as caught:
        check_proof(WebhookKind.STANDARD, SENDERS[WebhookKind.STANDARD][0].delivery, [b"whsec_%%%%secret"], NOW)

    assert "%%%%" not in str(caught.value)


# GitLab's signing tokens


def test_gitlab_signs_with_a_signing_token():
    sent = standard(PAYLOAD, at=NOW.timestamp())

    assert proves(WebhookKind.GITLAB, sent, SIGNING)
    assert not proves(WebhookKind.GITLAB, Sent(sent.headers, b"other"), SIGNING)


def test_gitlabs_signing_token_is_never_taken_as_a_static_one():
    assert not proves(WebhookKind.GITLAB, gitlab(PAYLOAD, token=SIGNING), SIGNING)


def test_gitlab_can_go_over_from_a_token_to_signatures():
    signed, static = standard(PAYLOAD, at=NOW.timestamp()), gitlab(PAYLOAD)

    assert proves(WebhookKind.GITLAB, signed, SECRET, SIGNING)
    assert proves(WebhookKind.GITLAB, static, SECRET, SIGNING)


def test_a_wrong_signature_is_not_made_good_by_a_token():
    both = standard(PAYLOAD, at=NOW.timestamp()).with_headers(
        X_Gitlab_Token=SECRET.decode(), webhook_signature="v1,AAAA"
    )

    assert not proves(WebhookKind.GITLAB, both, SECRET, SIGNING)


# anything at all

HEADERS = st.dictionaries(
    st.sampled_from([*[name.lower() for name in PROOF.values()], "webhook-id", "webhook-timestamp"]),
    st.one_of(st.text(max_size=80), st.sampled_from(["sha256=00", "v1,AAAA v1,BBBB", "Bearer x", "1795348800"])),
)


@ANYTHING
@given(kind=st.sampled_from(KINDS), headers=HEADERS, body=st.binary(max_size=200))
def test_whatever_comes_without_the_secret_is_refused(kind: WebhookKind, headers: dict[str, str], body: bytes):
    with pytest.raises(UnprovenError):
        check_proof(kind, Delivery(headers, body), [SENDERS[kind][1]], NOW)


@ANYTHING
@given(kind=st.sampled_from(SIGNED), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_bit_more_or_less_is_no_proof(kind: WebhookKind, at: int, bit: int):
    sent: Sent = SENDERS[kind][0]
    body = bytearray(sent.body)
    body[at % len(body)] ^= 1 << bit

    assert not proves(kind, Sent(sent.headers, bytes(body)))


@ANYTHING
@given(secret=st.binary(min_size=16, max_size=64), body=st.binary(max_size=300))
def test_any_secret_and_any_body_can_be_signed(secret: bytes, body: bytes):
    sent: Any = Sent({"X-Hub-Signature-256": github_signature(secret, body)}, body)

    assert proves(WebhookKind.GITHUB, sent, secret)
