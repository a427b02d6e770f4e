"""Envelopes: what is signed, what is refused, and that nothing malformed ends in anything but our errors."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubestandby.errors import ConfigError, FormatError, IntegrityError, SnapshotError
from kubestandby.keys import dsse
from kubestandby.keys.signers import LocalSigner, new_signer, read_signer
from kubestandby.keys.trust import KeyRole, PublicKey, TrustedKey
from tests.unit.keys.samples import DAY, EAST, NOON

TYPE = "application/vnd.kubestandby.snapshot.v1+json"
PAYLOAD = b'{"a":1}'
SIGNER, OTHER = new_signer(), new_signer()


def trusted(signer: LocalSigner) -> TrustedKey:
    return TrustedKey(public=signer.public, role=KeyRole.EXPORT, site=EAST, expires_at=NOON + DAY)


TRUSTED = trusted(SIGNER)
ENVELOPE = dsse.sign(PAYLOAD, TYPE, [SIGNER])


def opened(data: bytes, *keys: TrustedKey, threshold: int = 1) -> dsse.Opened:
    return dsse.open_envelope(data, TYPE, keys or [TRUSTED], "the index", threshold=threshold)


def edited(**changes: Any) -> bytes:
    envelope = json.loads(ENVELOPE)
    envelope.update(changes)
    return json.dumps({key: value for key, value in envelope.items() if value is not ...}).encode()


def signature(**changes: Any) -> list[dict[str, Any]]:
    one = {**json.loads(ENVELOPE)["signatures"][0], **changes}
    return [{key: value for key, value in one.items() if value is not ...}]


def test_payload_comes_back_with_the_key_that_signed_it() -> None:
    assert opened(ENVELOPE) == dsse.Opened(PAYLOAD, (TRUSTED,))


def test_what_is_signed_is_the_encoding_that_dsse_prescribes() -> None:
    # the example of DSSE's protocol.md
    assert dsse.pre_authentication_encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize(
    "keyid", [..., "", "another", OTHER.key_id], ids=["none", "empty", "unknown", "of another key"]
)
def test_key_id_is_only_a_hint(keyid: Any) -> None:
    assert opened(edited(signatures=signature(keyid=keyid))).signers == (TRUSTED,)


def test_key_id_of_a_trusted_key_makes_no_other_signature_good() -> None:
    forged = dsse.sign(PAYLOAD, TYPE, [OTHER])
    relabelled = forged.replace(OTHER.key_id.encode(), SIGNER.key_id.encode())
    with pytest.raises(IntegrityError, match="does not fit"):
        opened(relabelled)


def test_changed_payload_is_refused() -> None:
    with pytest.raises(IntegrityError, match="was changed after it was signed"):
        opened(edited(payload=base64.b64encode(b'{"a":2}').decode()))


def test_signature_for_another_payload_type_is_refused() -> None:
    as_heartbeat = dsse.sign(PAYLOAD, "application/vnd.kubestandby.heartbeat.v1+json", [SIGNER])
    with pytest.raises(FormatError, match="payload type"):
        opened(as_heartbeat)
    relabelled = json.dumps({**json.loads(as_heartbeat), "payloadType": TYPE}).encode()
    with pytest.raises(IntegrityError):
        opened(relabelled)


def test_stripped_signature_is_refused() -> None:
    with pytest.raises(IntegrityError, match="is not signed"):
        opened(edited(signatures=[]))


def test_key_that_is_not_trusted_is_refused() -> None:
    with pytest.raises(IntegrityError, match="not signed by a key that the trust file has"):
        opened(dsse.sign(PAYLOAD, TYPE, [OTHER]))


def test_without_trusted_keys_nothing_is_accepted() -> None:
    with pytest.raises(IntegrityError):
        dsse.open_envelope(ENVELOPE, TYPE, [], "the index")


def test_trusted_signature_counts_beside_one_that_is_not() -> None:
    both = dsse.sign(PAYLOAD, TYPE, [OTHER, SIGNER])
    assert opened(both).signers == (TRUSTED,)


def test_same_signature_twice_counts_once() -> None:
    twice = edited(signatures=signature() * 2)
    assert opened(twice).signers == (TRUSTED,)
    with pytest.raises(IntegrityError, match="by 1 trusted keys, 2 are needed"):
        opened(twice, TRUSTED, trusted(OTHER), threshold=2)


def test_two_keys_reach_a_threshold_of_two() -> None:
    both = dsse.sign(PAYLOAD, TYPE, [SIGNER, OTHER])
    assert len(opened(both, TRUSTED, trusted(OTHER), threshold=2).signers) == 2


def test_threshold_below_one_is_still_one() -> None:
    with pytest.raises(IntegrityError):
        opened(edited(signatures=[]), threshold=0)


def test_no_more_signatures_are_tried_than_the_limit() -> None:
    with pytest.raises(FormatError, match="9 signatures"):
        opened(edited(signatures=signature() * 9))


MALFORMED: list[bytes] = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"envelope"',
    b"\xff\xfe",
    b"[" * 100_000,
    ENVELOPE[:-1],
    ENVELOPE + b"}",
    edited(payload=...),
    edited(payloadType=...),
    edited(signatures=...),
    edited(payload=None),
    edited(payload=7),
    edited(payload="not base64!"),
    edited(payload="YQ"),
    edited(payloadType=None),
    edited(payloadType=[]),
    edited(payloadType=TYPE.upper()),
    edited(signatures=None),
    edited(signatures={}),
    edited(signatures="none"),
    edited(signatures=[None]),
    edited(signatures=["x"]),
    edited(signatures=[[]]),
    edited(signatures=[{}]),
    edited(signatures=signature(sig=...)),
    edited(signatures=signature(sig=None)),
    edited(signatures=signature(sig=5)),
    edited(signatures=signature(sig="%%%")),
    edited(signatures=signature(keyid=None)),
    edited(signatures=signature(keyid=["x"])),
    edited(signatures=signature(keyid="k" * 1000)),
    edited(signatures=signature(sig=base64.b64encode(b"s" * 5000).decode())),
]


@pytest.mark.parametrize("data", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_envelope_is_a_format_error_that_names_its_source(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"^the index "):
        opened(data)


@pytest.mark.parametrize(
    "sig", ["", "AA==", base64.b64encode(b"s" * 64).decode(), base64.b64encode(b"\0" * 64).decode()]
)
def test_signature_of_any_other_bytes_is_refused(sig: str) -> None:
    with pytest.raises(IntegrityError):
        opened(edited(signatures=signature(sig=sig)))


@settings(max_examples=300)
@given(st.data())
def test_every_changed_byte_is_caught_or_changes_nothing(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(ENVELOPE) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = bytearray(ENVELOPE)
    changed[place] = byte
    with suppress(SnapshotError):
        assert opened(bytes(changed)).payload == PAYLOAD


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "payload": _JSON | st.just("e30="),
            "payloadType": _JSON | st.just(TYPE),
            "signatures": st.lists(st.fixed_dictionaries({}, optional={"sig": _JSON, "keyid": _JSON})) | _JSON,
        },
    )
)
def test_no_json_ends_in_anything_but_our_errors(envelope: dict[str, Any]) -> None:
    with pytest.raises(SnapshotError):
        opened(json.dumps(envelope).encode())


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_our_errors(data: bytes) -> None:
    with pytest.raises(SnapshotError):
        opened(data)


@pytest.mark.parametrize(
    "key",
    [
        PublicKey(id="x", type="ed25519", scheme="ed25519", value="zz"),
        PublicKey(id="x", type="ed25519", scheme="ed25519", value=""),
        PublicKey(id="x", type="ecdsa", scheme="ecdsa-sha2-nistp256", value="not PEM"),
    ],
)
def test_unusable_trusted_key_verifies_nothing(key: PublicKey) -> None:
    with pytest.raises(IntegrityError):
        opened(ENVELOPE, replace(TRUSTED, public=key))


def test_unknown_type_of_key_is_a_format_error() -> None:
    with pytest.raises(FormatError, match="type or a scheme"):
        opened(ENVELOPE, replace(TRUSTED, public=PublicKey(id="x", type="rot13", scheme="rot13", value="aa")))


def test_key_of_a_key_management_service_verifies_too() -> None:
    # Vault, KMS and OCI keys are ECDSA or RSA more often than Ed25519.
    from securesystemslib.signer import CryptoSigner

    ecdsa = LocalSigner(CryptoSigner.generate_ecdsa())
    assert opened(dsse.sign(PAYLOAD, TYPE, [ecdsa]), trusted(ecdsa)).payload == PAYLOAD


def test_private_key_survives_its_file() -> None:
    assert read_signer(SIGNER.pem(), "x").key_id == SIGNER.key_id


@pytest.mark.parametrize("pem", [b"", b"garbage", SIGNER.pem()[:-30], b"-----BEGIN PRIVATE KEY-----\n"], ids=range(4))
def test_broken_private_key_is_named_and_not_shown(pem: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^key file east is not a private key") as caught:
        read_signer(pem, "key file east")
    assert "garbage" not in str(caught.value)


def test_private_key_does_not_show_itself() -> None:
    assert repr(SIGNER) == f"LocalSigner({SIGNER.key_id[:12]})"
