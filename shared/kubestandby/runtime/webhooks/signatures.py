"""Whether a delivery comes from whom it says: from its raw bytes and headers, before anything of it is read.

    github    X-Hub-Signature-256: sha256=HEX, HMAC of the body (GitHub, "Validating webhook deliveries")
    gitlab    X-Gitlab-Token: SECRET; where the secret begins with whsec_, as standard (GitLab, "Webhooks")
    argocd    Authorization: Bearer SECRET, a static header (Argo CD, notification service "Webhook")
    flux      X-Signature: sha256=HEX, or sha384, sha512, HMAC of the body (Flux, provider "generic-hmac")
    standard  webhook-id, webhook-timestamp, webhook-signature: v1,BASE64, HMAC of ID.TIMESTAMP.BODY (Standard Webhooks)

Comparisons take the same time whatever they compare. Every reason stays here: the caller is told 401 and nothing else.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kubestandby.errors import ConfigError
from kubestandby.groups import WebhookKind

WINDOW_SECONDS = 300
"""How far a timestamp may be from now, either way (Standard Webhooks' recommendation)."""

_SIGNING_PREFIX = b"whsec_"
_FLUX_HASHES = ("sha256", "sha384", "sha512")
_MAX_SIGNATURES = 16
_TIMESTAMP = re.compile(rb"[0-9]{1,12}")
_ID = re.compile(rb"[\x21-\x7e]{1,256}")


class UnprovenError(Exception):
    """The delivery does not prove whom it comes from; the text is for the log, and holds nothing of the delivery."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came: headers by lower-case name, and the raw body."""

    headers: Mapping[str, str]
    body: bytes


def check_proof(kind: WebhookKind, delivery: Delivery, secrets: Sequence[bytes], now: datetime) -> None:
    """Checks that the delivery was made with one of the secrets, and where it says when: not long before `now`.

    Raises:
        UnprovenError: it was not.
        ConfigError: a secret is not in the form that the kind needs.
    """
    _CHECKS[kind](delivery, secrets, now)


def github_signature(secret: bytes, body: bytes) -> str:
    """The value of `X-Hub-Signature-256`."""
    return f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"


def _check_github(delivery: Delivery, secrets: Sequence[bytes], _: datetime) -> None:
    given = _header(delivery, "x-hub-signature-256")
    _require(given, [github_signature(secret, delivery.body).encode() for secret in secrets])


def _check_flux(delivery: Delivery, secrets: Sequence[bytes], _: datetime) -> None:
    given = _header(delivery, "x-signature")
    name = given.partition(b"=")[0].decode("latin-1")
    if name not in _FLUX_HASHES:
        raise UnprovenError("X-Signature is not made with sha256, sha384 or sha512")
    _require(given, [f"{name}={hmac.new(secret, delivery.body, name).hexdigest()}".encode() for secret in secrets])


def _check_argocd(delivery: Delivery, secrets: Sequence[bytes], _: datetime) -> None:
    given = _header(delivery, "authorization")
    if given[:7].lower() != b"bearer ":
        raise UnprovenError("Authorization is not of the scheme Bearer")
    _require(given[7:].strip(), secrets)


def _check_gitlab(delivery: Delivery, secrets: Sequence[bytes], now: datetime) -> None:
    """A signing token is never taken as a static one: whoever chose it did not want it to travel."""
    signing = [secret for secret in secrets if secret.startswith(_SIGNING_PREFIX)]
    static = [secret for secret in secrets if secret not in signing]
    if signing and "webhook-signature" in delivery.headers:
        _check_standard(delivery, signing, now)
    elif static:
        _require(_header(delivery, "x-gitlab-token"), static)
    else:
        raise UnprovenError("webhook-signature is missing, and the secrets are signing tokens")


def _check_standard(delivery: Delivery, secrets: Sequence[bytes], now: datetime) -> None:
    identity, timestamp = _header(delivery, "webhook-id"), _header(delivery, "webhook-timestamp")
    if not _ID.fullmatch(identity):
        raise UnprovenError("webhook-id is not a short word")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise UnprovenError("webhook-timestamp is not a number of seconds")
    content = b".".join((identity, timestamp, delivery.body))
    expected = [hmac.digest(key, content, "sha256") for key in _signing_keys(secrets)]
    right = [_is_among(signature, expected) for signature in _standard_signatures(delivery)]
    if not any(right):
        raise UnprovenError("no signature of webhook-signature is right")
    # After the signature: an unsigned timestamp says nothing.
    away = int(timestamp) - now.timestamp()
    if abs(away) > WINDOW_SECONDS:
        raise UnprovenError(f"webhook-timestamp is {round(away)} s from now; look at both clocks, or it is a replay")


def _standard_signatures(delivery: Delivery) -> list[bytes]:
    """The signatures of version 1; those of other versions are for other receivers."""
    words = _header(delivery, "webhook-signature").split(b" ")
    if len(words) > _MAX_SIGNATURES:
        raise UnprovenError(f"webhook-signature has more than {_MAX_SIGNATURES} signatures")
    return [_from_base64(word.removeprefix(b"v1,")) for word in words if word.startswith(b"v1,")]


def _from_base64(text: bytes) -> bytes:
    """The bytes; none where it is not Base64, which equals no signature."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _signing_keys(secrets: Sequence[bytes]) -> list[bytes]:
    keys = [key for key in (_from_base64(secret.removeprefix(_SIGNING_PREFIX)) for secret in secrets) if key]
    if not keys:
        raise ConfigError("the secret of a webhook that is signed is not whsec_BASE64; copy it as its sender shows it")
    return keys


def _require(given: bytes, expected: Sequence[bytes]) -> None:
    if not _is_among(given, expected):
        raise UnprovenError("the signature or token is wrong")


def _is_among(given: bytes, expected: Sequence[bytes]) -> bool:
    """Compares digests, so that not even a length shows, and all of them, so that it does not show which was right."""
    digest = hashlib.sha256(given).digest()
    equal = [hmac.compare_digest(digest, hashlib.sha256(one).digest()) for one in expected]
    return any(equal)


def _header(delivery: Delivery, name: str) -> bytes:
    """The header's bytes as they came: WSGI hands them over as Latin-1 (PEP 3333)."""
    value = delivery.headers.get(name, "")
    if not value:
        raise UnprovenError(f"{name} is missing")
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise UnprovenError(f"{name} is not as HTTP brings it") from None


_CHECKS: Mapping[WebhookKind, Callable[[Delivery, Sequence[bytes], datetime], None]] = {
    WebhookKind.GITHUB: _check_github,
    WebhookKind.GITLAB: _check_gitlab,
    WebhookKind.ARGOCD: _check_argocd,
    WebhookKind.FLUX: _check_flux,
    WebhookKind.STANDARD: _check_standard,
}
