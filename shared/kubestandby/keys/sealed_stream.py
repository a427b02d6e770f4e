"""Seals a stream of any length for one site, and opens it piece by piece: AES-256-GCM under a data key of its own.

The form: one line of JSON (`_Header`) with the data key, which age has wrapped for the site; then the stream in chunks,
each sealed by itself. A chunk's nonce is its number and whether it is the last one (the STREAM construction, as in
age-encryption.org/v1), so chunks can be neither moved, repeated nor left off. What the stream is for is in the
additional data of every chunk, and is wrapped with the data key: it opens as nothing else.
"""

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kubestandby import codec
from kubestandby.errors import FormatError, UnsealError
from kubestandby.keys.age import AgeRecipients
from kubestandby.keys.ports import KeyUnwrapper, KeyWrapper
from kubestandby.keys.sealing import CIPHER, KEY_BYTES, NONCE_BYTES
from kubestandby.keys.trust import Trust, check_unexpired
from kubestandby.ports import Clock
from kubestandby.snapshots import SiteName

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FORM = "kubestandby sealed stream v1"
CHUNK_BYTES = 1 << 20
_TAG_BYTES = 16
_MAX_HEADER_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """The first line. `key` is a `_StreamKey`, wrapped."""

    form: str
    cipher: str
    wrap: str
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _StreamKey:
    """What is wrapped: the data key with the one stream that it is for."""

    key: bytes = field(repr=False)
    purpose: tuple[str, ...]


def recipients_at(trust: Trust, site: SiteName, clock: Clock) -> AgeRecipients:
    """The public keys that the site alone can open: needs no private key.

    Raises:
        ConfigError: there is none, or the trust file has expired.
    """
    now = clock.now()
    check_unexpired(trust, now)
    return AgeRecipients(tuple(one.public for one in trust.recipients_for((site,), now) if one.site == site))


class SealingWriter:
    """Passes on what is written to it sealed. What it writes to stays open. Enough of a file for `gzip`."""

    def __init__(self, target: BinaryIO, wrapper: KeyWrapper, purpose: tuple[str, ...]) -> None:
        """Writes the header. `purpose`: what the stream is for; the reader has to say the same.

        Raises:
            ConfigError: there is nobody to seal it for.
        """
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = wrapper.wrap(codec.encode(_StreamKey(key=key, purpose=purpose)))
        header = _Header(form=FORM, cipher=CIPHER, wrap=wrapper.scheme, key=wrapped)
        self._target = target
        self._cipher = AESGCM(key)
        self._bound = _additional_data(purpose)
        self._waiting = bytearray()
        self._number = 0
        target.write(codec.encode(header) + b"\n")

    def write(self, data: bytes) -> int:
        """Takes all of it; full chunks are sealed and passed on."""
        self._waiting += data
        # A full chunk waits until there is more: the last one is sealed as such.
        while len(self._waiting) > CHUNK_BYTES:
            self._pass_on(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]
        return len(data)

    def flush(self) -> None:
        """Nothing: what is not a full chunk waits for more."""

    def close(self) -> None:
        """Seals what is left as the last chunk."""
        self._pass_on(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _pass_on(self, chunk: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, self._bound))
        self._number += 1


class OpenedStream:
    """A sealed stream whose data key was unwrapped; can be read again and again."""

    def __init__(
        self, source: BinaryIO, unwrappers: Sequence[KeyUnwrapper], purpose: tuple[str, ...], what: str
    ) -> None:
        """Reads the header; `what` names the stream in errors.

        Raises:
            FormatError: it is not a sealed stream.
            UnsealError: none of the keys opens it, or it was sealed for something else.
        """
        source.seek(0)
        line = source.readline(_MAX_HEADER_BYTES)
        if not (line.startswith(b"{") and line.endswith(b"\n")):
            raise FormatError(f"{what} is not sealed; only what was sealed for this site is read")
        header = codec.decode(line, _Header, what)
        if (header.form, header.cipher) != (FORM, CIPHER):
            raise FormatError(f"{what} is sealed in a form that is not known here; upgrade kubestandby")
        self._source = source
        self._start = len(line)
        self._purpose = purpose
        self._what = what
        self._cipher = AESGCM(self._unwrapped(header, unwrappers))

    def reader(self) -> io.BufferedReader:
        """The plain stream from its beginning; only one at a time. Reads raise `UnsealError` where it was changed."""
        self._source.seek(self._start)
        return io.BufferedReader(_UnsealingReader(self._source, self._cipher, self._purpose, self._what), CHUNK_BYTES)

    def _unwrapped(self, header: _Header, unwrappers: Sequence[KeyUnwrapper]) -> bytes:
        refusal = UnsealError(f"{self._what} cannot be unsealed: there is no key here that unwraps its data key")
        for unwrapper in (one for one in unwrappers if one.scheme == header.wrap):
            try:
                found = codec.decode(
                    unwrapper.unwrap(header.key, self._what), _StreamKey, f"the data key of {self._what}"
                )
            except UnsealError as error:
                refusal = error
                continue
            if found.purpose != self._purpose or len(found.key) != KEY_BYTES:
                raise UnsealError(f"{self._what} cannot be unsealed: it was sealed as another one")
            return found.key
        raise refusal


class _UnsealingReader(io.RawIOBase):
    def __init__(self, source: BinaryIO, cipher: AESGCM, purpose: tuple[str, ...], what: str) -> None:
        super().__init__()
        self._source = source
        self._cipher = cipher
        self._bound = _additional_data(purpose)
        self._what = what
        self._ahead = source.read(CHUNK_BYTES + _TAG_BYTES)
        self._number = 0
        self._plain = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        while not self._plain and not self._ended:
            self._plain = memoryview(self._next_chunk())
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._plain))
        target[:size], self._plain = self._plain[:size], self._plain[size:]
        return size

    def _next_chunk(self) -> bytes:
        sealed, self._ahead = self._ahead, self._source.read(CHUNK_BYTES + _TAG_BYTES)
        self._ended = not self._ahead
        try:
            plain = self._cipher.decrypt(_nonce(self._number, last=self._ended), sealed, self._bound)
        except (InvalidTag, ValueError) as error:
            raise UnsealError(f"{self._what} cannot be unsealed: it was changed, or cut off") from error
        self._number += 1
        return plain


def _nonce(number: int, *, last: bool) -> bytes:
    """No other chunk under the same data key has it."""
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([last])


def _additional_data(purpose: tuple[str, ...]) -> bytes:
    return codec.canonical_json([FORM, *purpose])
