"""Seals what is secret in a snapshot, and opens it again: AES-256-GCM under one random data key per snapshot.

Every sealed value is bound to its place. Its additional data names group, source cluster and object; the data key,
which no other snapshot has, is wrapped together with group, source cluster, epoch and generation. So a value that is
moved to another Secret, and a value or a wrapped key that is moved to another snapshot or group, does not open.

The group's transforms may rename namespaces on the way; `source_of` of an unsealer gives the name that an object had.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kubestandby import codec
from kubestandby.errors import FormatError, UnsealError, next_step
from kubestandby.keys import sealed_form
from kubestandby.keys.ports import KeyUnwrapper, KeyWrapper
from kubestandby.keys.sealed_form import MARK
from kubestandby.resources import GVK, Manifest, ObjectRef
from kubestandby.snapshots import GroupName, Sealing, SnapshotId

CIPHER = "aes-256-gcm"
KEY_BYTES = 32
NONCE_BYTES = 12
PAD_BYTES = 128
"""Plaintexts are filled up to a multiple of this, so that their length tells little."""

_CANARY = b"kubestandby canary"
_CANARY_PLACE = "canary"
_INSTEAD = "use another snapshot; `kubestandby keys check` tells which keys are here"


SourceOf = Callable[[ObjectRef], ObjectRef]


def _as_it_is(ref: ObjectRef) -> ObjectRef:
    return ref


@dataclass(frozen=True, slots=True)
class Origin:
    """Where sealed values come from."""

    group: GroupName
    source_cluster: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrappedKey:
    """What is wrapped: the data key with the one snapshot that it is for."""

    key: bytes = field(repr=False)
    group: GroupName
    source_cluster: str
    epoch: int
    generation: int


class SnapshotSealer:
    """Seals the objects of one snapshot. Holds public keys and the data key, which dies with it."""

    def __init__(
        self, origin: Origin, wrapper: KeyWrapper, recipients: tuple[str, ...], fingerprint_key: bytes
    ) -> None:
        self._origin = origin
        self._wrapper = wrapper
        self._recipients = recipients
        self._fingerprint_key = fingerprint_key
        self._key = secrets.token_bytes(KEY_BYTES)
        self._cipher = AESGCM(self._key)

    def seal(self, manifest: Manifest) -> tuple[Manifest, Manifest]:
        """The manifest with its secret parts sealed, and with a fingerprint (HMAC-SHA-256) in place of them.

        The fingerprint tells whether a Secret has changed, to nobody who does not have the key. A manifest of another
        kind is both as it is.

        Raises:
            ManifestError: it cannot be sealed.
        """
        if not sealed_form.is_to_be_sealed(GVK.of(manifest)):
            return manifest, manifest
        kept, parts = sealed_form.split(sealed_form.without_token(manifest))
        place, plain = _place_of(ObjectRef.of(manifest)), codec.canonical_json(parts)
        told = codec.canonical_json([_additional_data(self._origin, place).decode(), orjson.Fragment(plain)])
        digest = hmac.digest(self._fingerprint_key, told, "sha256").hex()
        padded = plain + b" " * (-len(plain) % PAD_BYTES)
        return {**kept, MARK: self._encrypt(padded, place)}, {**kept, MARK: digest}

    def close(self, snapshot: SnapshotId) -> Sealing:
        """What the index says of the sealing, once the snapshot has its number."""
        wrapped = _WrappedKey(
            key=self._key,
            group=self._origin.group,
            source_cluster=self._origin.source_cluster,
            epoch=snapshot.epoch,
            generation=snapshot.generation,
        )
        return Sealing(
            cipher=CIPHER,
            wrap=self._wrapper.scheme,
            key=self._wrapper.wrap(codec.encode(wrapped)),
            canary=self._encrypt(_CANARY, _CANARY_PLACE),
            recipients=self._recipients,
        )

    def _encrypt(self, plain: bytes, place: str) -> str:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, plain, _additional_data(self._origin, place))
        return base64.b64encode(nonce + sealed).decode("ascii")


class SnapshotUnsealer:
    """Opens the objects of one snapshot. `source_of` tells how an object is named where it was sealed."""

    def __init__(self, origin: Origin, key: bytes, what: str, source_of: SourceOf = _as_it_is) -> None:
        self._origin = origin
        self._cipher = AESGCM(key)
        self._what = what
        self._source_of = source_of

    def unseal(self, manifest: Manifest) -> Manifest:
        """The whole manifest; one that is not of a sealed kind as it is.

        Raises:
            UnsealError: it is not sealed, or was not sealed as this object of this snapshot.
            FormatError: what was sealed is not what a Secret holds.
        """
        if not sealed_form.is_to_be_sealed(GVK.of(manifest)):
            return manifest
        ref = ObjectRef.of(manifest)
        with next_step(_INSTEAD):
            return self._unsealed(manifest, ref)

    def _unsealed(self, manifest: Manifest, ref: ObjectRef) -> Manifest:
        sealed = manifest.get(MARK)
        if not isinstance(sealed, str):
            raise UnsealError(f"{ref} in {self._what} is not sealed; only sealed Secrets are restored")
        plain = self._decrypt(sealed, _place_of(self._source_of(ref)), f"{ref} in {self._what}")
        return sealed_form.join(manifest, _parts(plain, ref))

    def check_canary(self, sealing: Sealing) -> None:
        """Makes sure that the key opens what the snapshot holds.

        Raises:
            UnsealError: it does not.
        """
        if self._decrypt(sealing.canary, _CANARY_PLACE, f"the canary of {self._what}") != _CANARY:
            raise UnsealError(f"the canary of {self._what} is another than ours; the snapshot is not to be trusted")

    def _decrypt(self, sealed: str, place: str, what: str) -> bytes:
        try:
            data = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise UnsealError(f"{what} cannot be unsealed: its sealed form is damaged") from error
        try:
            return self._cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _additional_data(self._origin, place))
        except (InvalidTag, ValueError) as error:
            raise UnsealError(
                f"{what} cannot be unsealed: it was changed, or was sealed as another object or for another snapshot"
            ) from error


def open_snapshot(
    sealing: Sealing,
    origin: Origin,
    snapshot: SnapshotId,
    unwrappers: Sequence[KeyUnwrapper],
    source_of: SourceOf = _as_it_is,
) -> SnapshotUnsealer:
    """Unwraps the data key with the first of the keys that can, and checks the canary.

    Raises:
        UnsealError: none of the keys can, or the data key is another snapshot's.
    """
    what = f"snapshot {snapshot} of group {origin.group}"
    with next_step(_INSTEAD):
        return _opened(sealing, origin, snapshot, _unwrapped(sealing, unwrappers, what), source_of)


def _opened(
    sealing: Sealing, origin: Origin, snapshot: SnapshotId, wrapped: _WrappedKey, source_of: SourceOf
) -> SnapshotUnsealer:
    what = f"snapshot {snapshot} of group {origin.group}"
    claimed = replace(
        wrapped,
        group=origin.group,
        source_cluster=origin.source_cluster,
        epoch=snapshot.epoch,
        generation=snapshot.generation,
    )
    if wrapped != claimed:
        raise UnsealError(f"{what} cannot be unsealed: its data key is that of another snapshot")
    if len(wrapped.key) != KEY_BYTES:
        raise UnsealError(f"{what} cannot be unsealed: its data key is not one of {CIPHER}")
    unsealer = SnapshotUnsealer(origin, wrapped.key, what, source_of)
    unsealer.check_canary(sealing)
    return unsealer


def _unwrapped(sealing: Sealing, unwrappers: Sequence[KeyUnwrapper], what: str) -> _WrappedKey:
    if sealing.cipher != CIPHER:
        raise UnsealError(f"{what} is sealed with a cipher that is not known here; upgrade kubestandby")
    refusal = UnsealError(f"{what} cannot be unsealed: there is no key here that unwraps its data key")
    for unwrapper in (one for one in unwrappers if one.scheme == sealing.wrap):
        try:
            return codec.decode(unwrapper.unwrap(sealing.key, what), _WrappedKey, f"the data key of {what}")
        except UnsealError as error:
            refusal = error
        except FormatError as error:
            raise UnsealError(f"{what} cannot be unsealed: what is wrapped is not a data key of ours") from error
    raise refusal


def _place_of(ref: ObjectRef) -> str:
    return codec.canonical_json([ref.gvk.group, ref.gvk.version, ref.gvk.kind, ref.namespace, ref.name]).decode()


def _additional_data(origin: Origin, place: str) -> bytes:
    return codec.canonical_json(["kubestandby sealed value v1", origin.group, origin.source_cluster, place])


def _parts(plain: bytes, ref: ObjectRef) -> dict[str, Any]:
    try:
        parts = orjson.loads(plain)
    except orjson.JSONDecodeError as error:
        raise FormatError(f"{ref}: what was sealed is not JSON") from error
    if not isinstance(parts, dict):
        raise FormatError(f"{ref}: what was sealed is not what a Secret holds")
    return parts
