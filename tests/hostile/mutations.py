"""What becomes of good bytes on the way: bits flip, pieces are cut out, doubled, put elsewhere, or come in anew."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

JSON_TOKENS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b'"',
    b"\\",
    b"\\ud800",
    b"\\u0000",
    b"null",
    b"true",
    b"-1",
    b"1e400",
    b"NaN",
    b"9" * 40,
    b'"":',
    b"0.5",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"[" * 300,
    b'{"a":' * 300,
    b"\r\n",
    b"/* */",
    b'"a":1,',
    b'"id":"x",',
    b'"format_version":9,',
    b'"9999-12-31T23:59:59Z"',
    b'"0001-01-01T00:00:00+14:00"',
    b'""',
    b"{}",
    b"[]",
)
YAML_TOKENS = (
    *JSON_TOKENS,
    b"\n",
    b"  ",
    b"- ",
    b"? ",
    b": ",
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!binary ",
    b"!x ",
    b"|\n",
    b">-\n",
    b"---\n",
    b"...\n",
    b"%YAML 1.1\n",
    b"# x\n",
    b"\t",
    b"'",
    b"~",
    b"no",
    b"0o17",
    b"22:22",
    b".inf",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"{{ .x }}",
    b"@",
    b"`",
    b"- " * 40,
    b"a: b\n",
    b"\xed\xa0\x80",
)
HTTP_TOKENS = (
    *JSON_TOKENS,
    b"\r\n\r\n",
    b"ce-id: 1\r\n",
    b"ce-type: x\r\n",
    b"%ff",
    b"%0d%0a",
    b"\r\ncontent-type: text/plain",
    b"specversion",
    b"eventType",
    b"cloudEventsVersion",
    b"v1,",
    b"sha256=",
    b"Bearer ",
    b" ",
    b"webhook-id: a\r\n",
)
BINARY_TOKENS = (b"\x00", b"\xff", bytes(512), b"\x1f\x8b\x08\x00", b"ustar\x0000", b"../", b"/", b"x" * 600, b"7" * 12)

_PLACE = st.integers(0, 1 << 16)
_LENGTH = st.integers(1, 64)


def changed(seeds: Sequence[bytes], tokens: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of the seeds after up to six accidents, or bytes of any kind."""
    accident = st.one_of(
        st.tuples(st.just("flip"), _PLACE, st.integers(0, 7)),
        st.tuples(st.just("cut"), _PLACE, st.just(0)),
        st.tuples(st.just("drop"), _PLACE, _LENGTH),
        st.tuples(st.just("double"), _PLACE, _LENGTH),
        st.tuples(st.just("move"), _PLACE, _PLACE),
        st.tuples(st.just("splice"), _PLACE, st.sampled_from(seeds)),
        st.tuples(st.just("insert"), _PLACE, st.sampled_from(tokens)),
        st.tuples(st.just("insert"), _PLACE, st.binary(min_size=1, max_size=8)),
    )
    made = st.builds(_after, st.sampled_from(seeds), st.lists(accident, min_size=1, max_size=6))
    pieces = st.lists(st.sampled_from(tokens), max_size=20).map(b"".join)
    return st.one_of(made, made, made, pieces, st.binary(max_size=300))


def _after(seed: bytes, accidents: Sequence[tuple[str, int, int | bytes]]) -> bytes:
    data = seed
    for kind, at, how in accidents:
        place = at % (len(data) + 1)
        data = _one(data, kind, place, how)
    return data


def _one(data: bytes, kind: str, place: int, how: int | bytes) -> bytes:
    before, after = data[:place], data[place:]
    if isinstance(how, bytes):
        return before + (how if kind == "insert" else how[place:])
    if kind == "flip":
        return before + bytes(byte ^ (1 << how) for byte in after[:1]) + after[1:]
    if kind == "cut":
        return before
    if kind == "drop":
        return before + after[how:]
    if kind == "double":
        return before + after[:how] + after
    other = how % (len(data) + 1)
    return data[:other] + after[:32] + data[other:]
