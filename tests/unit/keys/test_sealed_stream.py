"""Streams sealed for one site: what goes in comes out, and nothing that was moved, cut, repeated or changed does."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubestandby.errors import ConfigError, FormatError, SnapshotError, UnsealError
from kubestandby.keys import sealed_stream
from kubestandby.keys.sealed_stream import OpenedStream, SealingWriter, recipients_at
from tests.fakes.fake_clock import FakeClock
from tests.fakes.keys import EAST, WEST, key_bundle, recipients

PURPOSE = ("import", "shop", "one")
CHUNK = 64
SEALED_CHUNK = CHUNK + 16


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_stream, "CHUNK_BYTES", CHUNK)


def seal(plain: bytes, *, piece: int = 1 << 20, purpose: tuple[str, ...] = PURPOSE) -> bytes:
    target = io.BytesIO()
    writer = SealingWriter(target, recipients(), purpose)
    for start in range(0, len(plain), piece):
        writer.write(plain[start : start + piece])
    writer.close()
    return target.getvalue()


def opened(sealed: bytes, *, purpose: tuple[str, ...] = PURPOSE) -> OpenedStream:
    return OpenedStream(io.BytesIO(sealed), key_bundle().unwrappers(EAST), purpose, "the stream")


def chunks(sealed: bytes) -> tuple[bytes, list[bytes]]:
    header, _, body = sealed.partition(b"\n")
    return header + b"\n", [body[at : at + SEALED_CHUNK] for at in range(0, len(body), SEALED_CHUNK)]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
@pytest.mark.parametrize("piece", [1, 5, CHUNK, 1 << 20])
def test_what_was_sealed_comes_out_whole_again_and_again(size: int, piece: int) -> None:
    plain = bytes(number % 251 for number in range(size))

    stream = opened(seal(plain, piece=piece))

    assert stream.reader().read() == plain
    assert stream.reader().read(3) == plain[:3]
    assert stream.reader().read() == plain


def test_nothing_of_it_is_in_clear() -> None:
    assert b"secret" not in seal(b"secret" * 100)


def test_two_seals_of_the_same_have_nothing_in_common() -> None:
    _, one = chunks(seal(b"x" * 200))
    _, two = chunks(seal(b"x" * 200))
    assert not set(one) & set(two)


def flipped(parts: list[bytes]) -> list[bytes]:
    return [parts[0][:5] + bytes([parts[0][5] ^ 1]) + parts[0][6:], *parts[1:]]


@pytest.mark.parametrize(
    "change",
    [
        flipped,
        lambda parts: parts[:-1],
        lambda parts: parts[:1],
        lambda parts: [],
        lambda parts: [parts[1], parts[0], *parts[2:]],
        lambda parts: [parts[0], parts[0], *parts[1:]],
        lambda parts: [*parts, parts[-1]],
        lambda parts: [*parts[:-1], parts[-1][:-1]],
        lambda parts: [*parts, b"more"],
    ],
    ids=["bit", "last-off", "first-only", "empty", "swapped", "twice", "last-twice", "byte-off", "appended"],
)
def test_changed_chunks_do_not_open(change: Callable[[list[bytes]], list[bytes]]) -> None:
    header, parts = chunks(seal(b"y" * (3 * CHUNK + 7)))
    stream = opened(header + b"".join(change(parts)))
    with pytest.raises(UnsealError, match="the stream cannot be unsealed: it was changed, or cut off"):
        stream.reader().read()


def test_it_opens_as_what_it_was_sealed_as_only() -> None:
    with pytest.raises(UnsealError, match="it was sealed as another one"):
        opened(seal(b"x"), purpose=("import", "shop", "two"))


def test_chunks_of_another_stream_do_not_open_under_a_header() -> None:
    header, _ = chunks(seal(b"x" * 10))
    _, parts = chunks(seal(b"x" * 10))
    with pytest.raises(UnsealError, match="changed"):
        opened(header + parts[0]).reader().read()


@pytest.mark.parametrize("sealed", [b"", b"{}", b"x" * 200_000, b"[]\n", b"{}\n", b"\xff\n"])
def test_what_is_no_sealed_stream_is_refused(sealed: bytes) -> None:
    with pytest.raises(FormatError, match="the stream is not"):
        opened(sealed)


@pytest.mark.parametrize("field", ["form", "cipher"])
def test_a_form_of_tomorrow_is_not_guessed_at(field: str) -> None:
    header, parts = chunks(seal(b"x"))
    changed = json.dumps({**json.loads(header), field: "of tomorrow"}).encode() + b"\n"
    with pytest.raises(FormatError, match="a form that is not known here; upgrade kubestandby"):
        opened(changed + parts[0])


def test_another_wrapping_finds_no_key() -> None:
    header, parts = chunks(seal(b"x"))
    changed = json.dumps({**json.loads(header), "wrap": "kms"}).encode() + b"\n"
    with pytest.raises(UnsealError, match="there is no key here that unwraps"):
        opened(changed + parts[0])


def test_other_sites_and_whoever_breaks_the_glass_cannot_open_it() -> None:
    sealed = io.BytesIO(seal(b"x"))
    others = [
        *key_bundle().unwrappers(WEST),
        key_bundle().identities[next(s for s in key_bundle().identities if not s)],
    ]
    with pytest.raises(UnsealError, match="sealed for other keys"):
        OpenedStream(sealed, others, PURPOSE, "the stream")


def test_an_expired_trust_file_names_nobody_to_seal_for() -> None:
    late = FakeClock(datetime(2050, 1, 1, tzinfo=UTC))
    with pytest.raises(ConfigError, match="has expired"):
        recipients_at(key_bundle().trust, EAST, late)


THREE_CHUNKS = b"z" * 3 * CHUNK


@cache
def sealed_once() -> bytes:
    return seal(THREE_CHUNKS)


def read_or_refusal(data: bytes) -> bytes | str:
    try:
        return opened(data).reader().read()
    except SnapshotError as error:
        return str(error)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_in_an_object_is_refused_in_our_words(data: st.DataObject) -> None:
    """Ours with some bytes changed, cut out or put in."""
    sealed = sealed_once()
    start = data.draw(st.integers(0, len(sealed)))
    end = data.draw(st.integers(start, min(len(sealed), start + 200)))
    put_in = data.draw(st.binary(max_size=200))

    found = read_or_refusal(sealed[:start] + put_in + sealed[end:])

    if put_in == sealed[start:end]:
        assert found == THREE_CHUNKS
    else:
        assert found == THREE_CHUNKS or "the stream" in str(found)


def test_what_was_not_touched_opens() -> None:
    assert read_or_refusal(sealed_once()) == THREE_CHUNKS
