"""Whatever is in a file, an import reads it or says in one sentence why not."""

import gzip
import io
import string

from hypothesis import given
from hypothesis import strategies as st

from kubestandby.adapters.manifest_files.documents import read_manifests
from kubestandby.adapters.manifest_files.sources import FileLimits, SourceReader
from kubestandby.errors import ManifestError
from tests.unit.importing.archives import manifest, member, tar, tar_gz

LIMITS = FileLimits(file_bytes=1_000_000, total_bytes=5_000_000)
ARCHIVES = (
    tar(
        member("./shop/", type=b"5"),
        member("./shop/a.yaml", manifest("a")),
        member(f"b/{'b' * 120}.yaml", manifest("b")),
    ),
    tar(member(f"größe/{'b' * 120}.yaml", manifest("b"), mtime=1.5), form=2),
    tar_gz(member("a.yaml", manifest("a")), member("latest", type=b"2", linkname="a.yaml")),
)
edits = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6)


def read(data: bytes) -> list[str]:
    """The problems, each one line."""
    reader = SourceReader(io.BytesIO(data), LIMITS)
    for file in reader.files(["-"]):
        try:
            list(read_manifests(file.data, file.name))
        except ManifestError as error:
            reader.problems.append(str(error))
    return reader.problems


def all_are_sentences(problems: list[str]) -> bool:
    return all(problem and "\n" not in problem and "Traceback" not in problem for problem in problems)


@given(st.sampled_from(ARCHIVES), edits, st.one_of(st.none(), st.integers(0, 4000)))
def test_archives_that_were_tampered_with(archive: bytes, changes: list[tuple[int, int]], cut: int | None) -> None:
    data = bytearray(archive)
    for position, byte in changes:
        data[position % len(data)] = byte
    assert all_are_sentences(read(bytes(data)[:cut]))


@given(edits, st.integers(0, 2))
def test_headers_that_lie_with_a_right_checksum(changes: list[tuple[int, int]], which: int) -> None:
    data = bytearray(ARCHIVES[0])
    start = which * 512
    for position, byte in changes:
        data[start + position % 512] = byte
    data[start + 148 : start + 156] = b" " * 8
    data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + 512])
    assert all_are_sentences(read(bytes(data)))
    assert all_are_sentences(read(gzip.compress(bytes(data))))


@given(st.binary(max_size=2000))
def test_bytes_of_any_kind(data: bytes) -> None:
    assert all_are_sentences(read(data))


@given(st.text(st.sampled_from(string.printable + "\u0085\u2028\ufeff{}[]:-&*!|>'\"%@`"), max_size=300))
def test_text_of_any_kind(text: str) -> None:
    assert all_are_sentences(read(text.encode()))


@given(st.lists(st.sampled_from(["apiVersion: v1\n", "kind: A\n", "metadata:\n", "  name: a\n", "  labels: {a: b}\n",
                                 "  name: 1\n", "  ownerReferences: [{}]\n", "items:\n", "- a: 1\n", "- {}\n", "---\n",
                                 "x: &a [1]\n", "y: *a\n", "  labels: *a\n", "metadata: 1\n", "  finalizers: [1]\n"]),
                max_size=12))  # fmt: skip
def test_manifests_with_pieces_in_any_order(pieces: list[str]) -> None:
    assert all_are_sentences(read("".join(pieces).encode()))
