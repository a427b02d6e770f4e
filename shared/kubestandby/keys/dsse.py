"""Signed envelopes: DSSE (github.com/secure-systems-lab/dsse), JSON form. The one door to securesystemslib.

The signature covers payload type and payload bytes. It is verified before the payload is parsed, and what is parsed is
what was verified. `keyid` is a hint that saves time and decides nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubestandby import codec
from kubestandby.errors import FormatError, IntegrityError
from kubestandby.keys.ports import Signer
from kubestandby.keys.trust import PublicKey, TrustedKey

if TYPE_CHECKING:
    from securesystemslib.signer import Key

MAX_SIGNATURES = 8
"""In one envelope: each costs a pass over the payload for every key that it is tried with."""

MAX_KEY_ID = 256
_MAX_SIGNATURE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeSignature:
    """One signature. `keyid` may be missing, as DSSE allows."""

    sig: bytes
    keyid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedEnvelope:
    """DSSE's fields under their own names; bytes are base64 in JSON."""

    payload: bytes
    payloadType: str  # noqa: N815 - the name that DSSE prescribes
    signatures: tuple[EnvelopeSignature, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """What an envelope held, and the trusted keys that signed it, each once."""

    payload: bytes
    signers: tuple[TrustedKey, ...]


def load_library() -> None:
    """Imports what signs and verifies now, so that the first delivery that a process takes does not wait for it."""
    import securesystemslib.dsse
    import securesystemslib.signer  # noqa: F401 - imported for later


def sign(payload: bytes, payload_type: str, signers: Sequence[Signer]) -> bytes:
    """The envelope's bytes, signed by each of the signers.

    Raises:
        ConfigError: a key cannot be used.
    """
    message = pre_authentication_encoding(payload_type, payload)
    signatures = tuple(EnvelopeSignature(keyid=signer.key_id, sig=signer.sign(message)) for signer in signers)
    return codec.encode(SignedEnvelope(payload=payload, payloadType=payload_type, signatures=signatures))


def first_signature(data: bytes) -> bytes:
    """The first signature of an envelope that `sign` has made."""
    return codec.decode(data, SignedEnvelope, "an envelope").signatures[0].sig


def with_signature(payload: bytes, payload_type: str, signature: bytes) -> bytes:
    """An envelope of a payload and a signature that were kept apart, for `open_envelope` to judge."""
    signatures = (EnvelopeSignature(sig=signature),)
    return codec.encode(SignedEnvelope(payload=payload, payloadType=payload_type, signatures=signatures))


def open_envelope(
    data: bytes, payload_type: str, trusted: Iterable[TrustedKey], what: str, *, threshold: int = 1
) -> Opened:
    """The payload, once at least `threshold` of the trusted keys have signed it; `what` names the source in errors.

    Raises:
        FormatError: not an envelope of this payload type.
        IntegrityError: not signed, or not by (enough of) the trusted keys.
    """
    envelope = _decode(data, payload_type, what)
    message = pre_authentication_encoding(envelope.payloadType, envelope.payload)
    keys = {key.id: key for key in trusted}
    signers: dict[str, TrustedKey] = {}
    for signature in envelope.signatures:
        key = _signer_of(signature, message, [key for id_, key in keys.items() if id_ not in signers])
        if key is not None:
            signers[key.id] = key
    if len(signers) < max(threshold, 1):
        raise IntegrityError(_refusal(envelope, signers, keys, what, threshold))
    return Opened(envelope.payload, tuple(signers.values()))


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """What is signed (DSSE's PAE)."""
    from securesystemslib.dsse import Envelope

    return Envelope(payload, payload_type, {}).pae()


def verifies(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether the signature over the message is this key's."""
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature

    try:
        library_key(key).verify_signature(Signature(key.id, signature.hex()), message)
    except UnverifiedSignatureError:  # its subclass VerificationError stands for everything else that can go wrong
        return False
    return True


def library_key(key: PublicKey) -> "Key":
    """The key as securesystemslib has it.

    Raises:
        FormatError: a type or a scheme that it does not know.
    """
    from securesystemslib.signer import Key

    described = {"keytype": key.type, "scheme": key.scheme, "keyval": {"public": key.value}}
    try:
        return Key.from_dict(key.id, described)
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"key {key.id[:12]} has a type or a scheme that is not known") from error


def _decode(data: bytes, payload_type: str, what: str) -> SignedEnvelope:
    envelope = codec.decode(data, SignedEnvelope, what)
    if envelope.payloadType != payload_type:
        raise FormatError(f"{what} holds something else: its payload type is not {payload_type}")
    if len(envelope.signatures) > MAX_SIGNATURES:
        raise FormatError(f"{what} has {len(envelope.signatures)} signatures; at most {MAX_SIGNATURES} are read")
    if any(len(one.keyid) > MAX_KEY_ID or len(one.sig) > _MAX_SIGNATURE_BYTES for one in envelope.signatures):
        raise FormatError(f"{what} has a signature or a key id that is too long")
    return envelope


def _signer_of(signature: EnvelopeSignature, message: bytes, keys: Sequence[TrustedKey]) -> TrustedKey | None:
    """The key whose signature this is; the one that it names is tried first."""
    for key in sorted(keys, key=lambda key: key.id != signature.keyid):
        if verifies(key.public, signature.sig, message):
            return key
    return None


def _refusal(
    envelope: SignedEnvelope, signers: dict[str, TrustedKey], keys: dict[str, TrustedKey], what: str, threshold: int
) -> str:
    if not envelope.signatures:
        return f"{what} is not signed; only signed ones are used"
    if signers:
        return f"{what} is signed by {len(signers)} trusted keys, {threshold} are needed"
    if any(signature.keyid in keys for signature in envelope.signatures):
        return f"{what} was changed after it was signed, or its signature was: the signature does not fit"
    return f"{what} is not signed by a key that the trust file has for it"
