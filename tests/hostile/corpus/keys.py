"""The trust file, key files, and sealed values."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from kubestandby import codec
from kubestandby.errors import ConfigError, FormatError, IntegrityError, UnsealError
from kubestandby.keys import dsse
from kubestandby.keys.trust import TRUST_PAYLOAD_TYPE, KeyRole
from kubestandby.keys.trust_file import write_trust
from tests.fakes.keys import EAST, key_bundle, sealer
from tests.hostile.corpus.case import CANARY, Hostile, Row, cases, flipped, js, nested, said_twice
from tests.hostile.corpus.signed import INDEX_TYPE, STRANGERS

C, F, U = ConfigError, FormatError, UnsealError
KEYS = key_bundle()
ROOT = KEYS.root
TRUST = KEYS.trust
PLAIN = codec.encode(TRUST)
FIELDS: dict[str, Any] = json.loads(PLAIN)
FILE = write_trust(TRUST, [ROOT])


def by_root(payload: bytes) -> bytes:
    """Signed by the root itself: whoever makes trust files may err, too."""
    return dsse.sign(payload, TRUST_PAYLOAD_TYPE, [ROOT])


def trust(**changes: Any) -> bytes:
    return by_root(js({**FIELDS, **changes}))


def key(**changes: Any) -> bytes:
    return trust(keys=[{**FIELDS["keys"][0], **changes}, *FIELDS["keys"][1:]])


def public(**changes: Any) -> bytes:
    return key(public={**FIELDS["keys"][0]["public"], **changes})


TRUST_FILES: dict[str, Row] = {
    "nothing": (b"", F, "trust file|in our form"),
    "no JSON": (CANARY.encode(), F, "trust file|in our form"),
    "half of it": (FILE[: len(FILE) // 2], F, "trust file|in our form"),
    "the plain content": (PLAIN, F, "trust file|missing required field"),
    "larger than 1 MiB": (FILE + b" " * (1 << 20), C, "trust.json is larger than any key"),
    "200,000 deep": (nested(b"[", 200_000, b"]"), F, "trust file|in our form"),
    "not signed": (js({**json.loads(FILE), "signatures": []}), IntegrityError, "trust file|is not signed"),
    "a flipped bit": (flipped(FILE, FILE.index(b"eyJ") + 99), IntegrityError, "trust file|was changed after it was"),
    "a stranger's": (write_trust(STRANGERS.trust, [STRANGERS.root]), IntegrityError, "trust file|not signed by a key"),
    "signed by a key that it names": (
        write_trust(TRUST, [KEYS.signer(KeyRole.EXPORT, EAST)]),
        IntegrityError,
        "trust file|not signed by a key",
    ),
    "an index of the root": (dsse.sign(PLAIN, INDEX_TYPE, [ROOT]), F, "trust file|holds something else"),
    "signed, and nothing": (by_root(b""), F, "trust file|in our form"),
    "signed, and a list": (by_root(b"[]"), F, "trust file|Expected `object`, got `array`"),
    "signed, and a key of JSON twice": (by_root(said_twice(PLAIN, "keys")), F, "trust file|says a key twice"),
    "a version of nothing": (trust(version=0), F, "trust file|no version of ours: 0"),
    "a version that is a text": (trust(version="1"), F, "trust file|$.version"),
    "one key in two roles": (
        write_trust(replace(TRUST, keys=(*TRUST.keys, replace(TRUST.keys[0], role=KeyRole.RESTORE))), [ROOT]),
        IntegrityError,
        "trust file|one key in two roles|make a new trust file",
    ),
    "a role that is none": (key(role=CANARY), F, "trust file|Invalid enum value"),
    "a key that expires without a zone": (key(expires_at="2030-01-01T00:00:00"), F, "trust file|expires_at|offset"),
    "a recipient without a zone": (
        trust(recipients=[{**FIELDS["recipients"][0], "sealed_for_until": "2030-01-01T00:00:00"}]),
        F,
        "trust file|sealed_for_until|offset from UTC",
    ),
    "a file that expires before all times": (trust(expires_at="0001-01-01T00:00:00+09:00"), F, "trust file|expires_at"),
    "a type of key that nobody knows": (public(type="dilithium"), F, "type or a scheme that is not known"),
    "a scheme that nobody knows": (public(scheme="rot13"), F, "type or a scheme that is not known"),
    "a key without its value": (
        key(public={"id": "a", "type": "ed25519", "scheme": "ed25519"}),
        F,
        "trust file|`value`",
    ),
    "keys that are a mapping": (trust(keys={}), F, "trust file|$.keys"),
}

PEM = KEYS.signer(KeyRole.EXPORT, EAST).pem()
SIGNING_KEYS: dict[str, Row] = {
    "nothing": (b"", C, "export.key is not a private key|kubestandby keys init"),
    "no PEM": (CANARY.encode(), C, "export.key is not a private key|kubestandby keys init"),
    "half of it": (PEM[: len(PEM) // 2], C, "export.key is not a private key|kubestandby keys init"),
    "no Base64": (PEM.replace(b"M", b"%"), C, "export.key is not a private key|kubestandby keys init"),
    "a certificate": (PEM.replace(b"PRIVATE KEY", b"CERTIFICATE"), C, "export.key is not a private key|keys init"),
    "an encrypted key": (PEM.replace(b"PRIVATE", b"ENCRYPTED PRIVATE"), C, "export.key is not a private key"),
    "a flipped byte": (PEM.replace(PEM[40:44], b"AAAA"), C, "export.key is not a private key|keys init"),
    "100 KiB": (PEM + b"\n" * (100 << 10), C, "export.key is larger than any key"),
}
IDENTITY = b"AGE-SECRET-KEY-1" + b"Q" * 58
IDENTITIES: dict[str, Row] = {
    "nothing": (b"", C, "unseal.age is not a file of age keys|kubestandby keys init"),
    "comments alone": (b"# public key: age1\n", C, "unseal.age is not a file of age keys|kubestandby keys init"),
    "a key of Bech32 that does not add up": (IDENTITY + b"\n", C, "unseal.age is not a file of age keys|keys init"),
    "a public key": (b"age1qqqqqq\n", C, "unseal.age is not a file of age keys|kubestandby keys init"),
    "a line too many": (b"AGE-PLUGIN-X-1" + CANARY.encode() + b"\n", C, "unseal.age is not a file of age keys"),
    "no ASCII": (b"AGE-SECRET-KEY-1\xff\n", C, "unseal.age is not a file of age keys|kubestandby keys init"),
    "100 KiB of age": (b"#" * (100 << 10), C, "unseal.age is larger than any key"),
}
FINGERPRINTS: dict[str, Row] = {
    "nothing of hex": (b"\n", C, "fingerprint.key is not a fingerprint key|kubestandby keys rotate fingerprint"),
    "no hex": (b"z" * 64, C, "fingerprint.key is not a fingerprint key|kubestandby keys rotate fingerprint"),
    "too short": (b"ab" * 16, C, "fingerprint.key is not a fingerprint key|kubestandby keys rotate fingerprint"),
    "too long": (b"ab" * 64, C, "fingerprint.key is not a fingerprint key|kubestandby keys rotate fingerprint"),
    "no ASCII of hex": (b"\xc3\xbc" * 32, C, "fingerprint.key is not a fingerprint key|keys rotate fingerprint"),
}
ROOTS: dict[str, Row] = {
    "nothing as root": (b" ", F, "root key|root.pub|in our form"),
    "a PEM as root": (PEM, F, "root key|root.pub|in our form"),
    "a list as root": (b"[ ]", F, "root key|root.pub|in our form"),
    "a root of an unknown type": (js({"id": "a", "type": "x", "scheme": "x", "value": CANARY}), F, "not known"),
    "another root": (codec.encode(STRANGERS.root.public), IntegrityError, "trust file|not signed by a key"),
}


def _sealed(name: str = "till", origin: str = "shop") -> bytes:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "shop"},
        "data": {"password": base64.b64encode(CANARY.encode()).decode()},
    }
    return str(
        SEALER.seal(secret)[0]["sealed"] if origin == "shop" else sealer(origin).seal(secret)[0]["sealed"]
    ).encode()


SEALER = sealer()
"""Of the snapshot that the reader opens: its values are right, the hostile ones are not."""

SEALED = _sealed()
BYTES = base64.b64decode(SEALED)
SEALED_VALUES: dict[str, Row] = {
    "nothing sealed": (b"", U, "Secret shop/till|cannot be unsealed"),
    "no Base64": (b"%%" + CANARY.encode(), U, "Secret shop/till|its sealed form is damaged"),
    "Base64 with a line break": (SEALED[:40] + b"\n" + SEALED[40:], U, "Secret shop/till|its sealed form is damaged"),
    "half of it": (SEALED[: len(SEALED) // 8 * 4], U, "Secret shop/till|it was changed, or was sealed as another"),
    "a nonce alone": (base64.b64encode(BYTES[:12]), U, "Secret shop/till|cannot be unsealed"),
    "three bytes": (b"AAAA", U, "Secret shop/till|cannot be unsealed"),
    "a flipped bit of the nonce": (base64.b64encode(flipped(BYTES, 0)), U, "Secret shop/till|it was changed"),
    "a flipped bit of the value": (base64.b64encode(flipped(BYTES, 20)), U, "Secret shop/till|it was changed"),
    "a flipped bit of the tag": (base64.b64encode(flipped(BYTES, -1)), U, "Secret shop/till|it was changed"),
    "a byte more": (base64.b64encode(BYTES + b"\0"), U, "Secret shop/till|it was changed"),
    "another Secret's value": (_sealed("vault"), U, "Secret shop/till|sealed as another object"),
    "another group's value": (_sealed(origin="bank"), U, "Secret shop/till|for another snapshot"),
    "zeros": (base64.b64encode(bytes(256)), U, "Secret shop/till|it was changed"),
    "no ASCII at all": ("ü".encode() * 40, U, "Secret shop/till|its sealed form is damaged"),
}
INPUTS: list[Hostile] = [
    *cases("trust file", TRUST_FILES),
    *cases("signing key", SIGNING_KEYS),
    *cases("age identity", IDENTITIES),
    *cases("fingerprint key", FINGERPRINTS),
    *cases("root key", ROOTS),
    *cases("sealed value", SEALED_VALUES),
]
