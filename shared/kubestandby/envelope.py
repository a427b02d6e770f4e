"""The envelope around a snapshot's index: DSSE (github.com/secure-systems-lab/dsse, envelope.md), JSON form.

The signatures are a list that may be empty: who must have signed is a matter of trust, decided by the reader of the
index and not by the form. The bytes in the payload are what a signature covers, so they are kept as they are.
"""

from dataclasses import dataclass

from kubestandby import codec
from kubestandby.errors import FormatError

PAYLOAD_TYPE = "application/vnd.kubestandby.snapshot.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature over payload type and payload (DSSE's pre-authentication encoding); `keyid` is only a hint."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """DSSE's fields under their own names; bytes are base64 in JSON."""

    payload: bytes
    payloadType: str = PAYLOAD_TYPE  # noqa: N815 - the name that DSSE prescribes
    signatures: tuple[Signature, ...] = ()


def wrap(payload: bytes, signatures: tuple[Signature, ...] = ()) -> bytes:
    """Puts the payload into an envelope."""
    return codec.encode(Envelope(payload=payload, signatures=signatures))


def unwrap(data: bytes, what: str = "envelope") -> bytes:
    """Takes the payload out; `what` names the source in errors.

    Raises:
        FormatError: not an envelope, or one of another payload type.
    """
    envelope = codec.decode(data, Envelope, what)
    if envelope.payloadType != PAYLOAD_TYPE:
        raise FormatError(f"{what} is not the index of a snapshot: its payload type is another than {PAYLOAD_TYPE}")
    return envelope.payload
