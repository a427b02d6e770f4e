"""Archives that are not what a signed index says, and members that are no canonical manifests."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from typing import Any

from kubestandby.errors import FormatError, IntegrityError
from kubestandby.manifest_yaml import emit
from tests.hostile.corpus.case import CANARY, Hostile, Row, cases, flipped, nested, packed
from tests.unit.stored_form.samples import built, config_map, index_of

F, I = FormatError, IntegrityError  # noqa: E741

FIRST, SECOND = config_map("a", key=CANARY), config_map("b", key="2")
with built(FIRST, SECOND) as _archive:
    INDEX = index_of(_archive)
    ARCHIVE = _archive.stream.read()
TAR = gzip.decompress(ARCHIVE)
A, B = (entry.path for entry in INDEX.entries)
MEMBERS = ((A, emit(FIRST)), (B, emit(SECOND)))


def tar(*members: tuple[str, bytes], **fields: Any) -> bytes:
    """A tar file as Python makes it; `fields` are those of the first member."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as made:
        for number, (name, content) in enumerate(members):
            info = tarfile.TarInfo(name)
            info.mode, info.size = 0o600, len(content)
            for field, value in fields.items() if number == 0 else ():
                setattr(info, field, value)
            made.addfile(info, io.BytesIO(content))
    return target.getvalue()


def tgz(*members: tuple[str, bytes], **fields: Any) -> bytes:
    return packed(tar(*members, **fields))


NOT_GZIP: dict[str, Row] = {
    "nothing": (b"", I, "archive of snapshot shop 1-1|the archive ends where"),
    "no gzip": (CANARY.encode() * 9, I, "archive of snapshot shop 1-1|is damaged|incorrect header"),
    "a zip file": (b"PK\x03\x04" + bytes(60), I, "archive of snapshot shop 1-1|is damaged|incorrect header"),
    "bzip2": (b"BZh91AY&SY" + bytes(60), I, "archive of snapshot shop 1-1|is damaged|incorrect header"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(60), I, "archive of snapshot shop 1-1|is damaged|incorrect header"),
    "zlib without gzip": (zlib.compress(TAR), I, "archive of snapshot shop 1-1|is damaged|incorrect header"),
    "the tar without gzip": (TAR, I, "archive of snapshot shop 1-1|is damaged|incorrect header"),
    "gzip's first bytes alone": (b"\x1f\x8b", I, "archive of snapshot shop 1-1|the archive ends where"),
    "an unknown method of gzip": (b"\x1f\x8b\x07" + ARCHIVE[3:], I, "archive of snapshot|unknown compression method"),
    "gzip of nothing": (packed(b""), I, "archive of snapshot shop 1-1|the archive ends where"),
    "gzip in gzip": (packed(ARCHIVE), I, "archive of snapshot shop 1-1|not what its index says"),
}
CUT: dict[str, Row] = {
    **{
        f"cut to {part}": (ARCHIVE[:length], I, "archive of snapshot shop 1-1|")
        for part, length in (
            ("a quarter", len(ARCHIVE) // 4),
            ("a half", len(ARCHIVE) // 2),
            ("three quarters", len(ARCHIVE) * 3 // 4),
            ("all but its trailer", len(ARCHIVE) - 8),
            ("all but one byte", len(ARCHIVE) - 1),
        )
    },
    "cut at a member's boundary": (tgz(MEMBERS[0]), I, f"the archive ends where {B} should"),
    "cut in the tar": (packed(TAR[:600]), I, f"truncated: it ends inside {A}"),
    "without the two blocks at its end": (packed(TAR.rstrip(b"\0")), I, "archive of snapshot shop 1-1|"),
    "one byte more": (ARCHIVE + b"x", I, "has bytes after its end"),
    "zeros after it": (ARCHIVE + bytes(512), I, "has bytes after its end"),
    "itself once more": (ARCHIVE * 2, I, "has bytes after its end"),
    "a tar that goes on": (packed(TAR + bytes(512)), I, "does not end where its index says"),
    "a flipped bit in gzip's checksum": (flipped(ARCHIVE, -5), I, "archive of snapshot shop 1-1|is damaged"),
    "a flipped bit in gzip's length": (flipped(ARCHIVE, -1), I, "archive of snapshot shop 1-1|is damaged"),
    "a flipped bit in the middle": (flipped(ARCHIVE, len(ARCHIVE) // 2), I, "archive of snapshot shop 1-1|"),
    "a flipped bit in a name": (packed(flipped(TAR, 3)), I, f"where {A} should"),
    "a flipped bit in a size": (packed(flipped(TAR, 130)), I, f"where {A} should"),
    "a flipped bit in a manifest": (packed(flipped(TAR, 530)), I, f"damaged: {A} has another digest"),
}
OTHER_MEMBERS: dict[str, Row] = {
    "members swapped": (tgz(MEMBERS[1], MEMBERS[0]), I, f"where {A} should"),
    "contents swapped": (tgz((A, MEMBERS[1][1]), (B, MEMBERS[0][1])), I, f"{A}"),
    "a member twice": (tgz(MEMBERS[0], *MEMBERS), I, f"where {B} should"),
    "a member too many": (tgz(*MEMBERS, ("shop/configmaps.core/c.yaml", b"c")), I, "does not end where its index says"),
    "a member too few": (tgz(MEMBERS[1]), I, f"where {A} should"),
    "a name that leads out": (tgz(("../../etc/cron.d/x", MEMBERS[0][1]), MEMBERS[1]), I, f"where {A} should"),
    "an absolute name": (tgz(("/etc/cron.d/x", MEMBERS[0][1]), MEMBERS[1]), I, f"where {A} should"),
    "a name of Windows": (tgz(("C:\\x\\..\\y", MEMBERS[0][1]), MEMBERS[1]), I, f"where {A} should"),
    "a symbolic link": (tgz((A, b""), MEMBERS[1], type=tarfile.SYMTYPE, linkname="/etc/shadow"), I, "a symbolic link"),
    "a hard link": (tgz((A, b""), MEMBERS[1], type=tarfile.LNKTYPE, linkname="/etc/shadow"), I, "a hard link"),
    "a device": (tgz((A, b""), MEMBERS[1], type=tarfile.CHRTYPE), I, "a device"),
    "a pipe": (tgz((A, b""), MEMBERS[1], type=tarfile.FIFOTYPE), I, f"where {A} should"),
    "a folder": (tgz((A, b""), MEMBERS[1], type=tarfile.DIRTYPE), I, "a directory"),
    "a sparse file": (tgz(MEMBERS[0], MEMBERS[1], type=tarfile.GNUTYPE_SPARSE), I, f"where {A} should"),
    "a global header of pax": (tgz((A, b""), MEMBERS[1], type=tarfile.XGLTYPE), I, f"where {A} should"),
    "a manifest where a header should be": (packed(TAR[512:]), I, f"something else stands where {A} should"),
    "a mode of setuid": (tgz(*MEMBERS, mode=0o4755), I, f"where {A} should"),
    "an owner": (tgz(*MEMBERS, uid=1000), I, f"where {A} should"),
    "a time": (tgz(*MEMBERS, mtime=1), I, f"where {A} should"),
    "a name of an owner": (tgz(*MEMBERS, uname="root"), I, f"where {A} should"),
    "escapes for terminals as name": (tgz(("\x1b[2J\x07", MEMBERS[0][1]), MEMBERS[1]), I, f"where {A} should"),
}

OBJECT = 'apiVersion: "v1"\nkind: "ConfigMap"\nmetadata:\n  name: "a"\n'


def text(more: str) -> bytes:
    return (OBJECT + more).encode()


NOT_CANONICAL: dict[str, Row] = {
    "no text": (b"\xff\xfe\n", F, "a.yaml is not canonical YAML"),
    "an empty text": (b"", F, "a.yaml is not canonical YAML|ends in the middle of a line"),
    "no line break at its end": (OBJECT[:-1].encode(), F, "not canonical YAML|ends in the middle of a line"),
    "JSON": (b'{"kind": "ConfigMap"}\n', F, "a.yaml is not canonical YAML"),
    "a plain text as value": (text(f"data: {CANARY}\n"), F, "not canonical YAML: line 5 has a value"),
    "single quotes": (text("data: 'x'\n"), F, "not canonical YAML: line 5 has a value"),
    "yes": (text("data: yes\n"), F, "not canonical YAML: line 5 has a value"),
    "Norway": (text("data: no\n"), F, "not canonical YAML: line 5 has a value"),
    "octal": (text("data: 017\n"), F, "not canonical YAML: line 5 has a value"),
    "sexagesimal": (text("data: 22:22\n"), F, "a.yaml is not canonical YAML"),
    "a float without a point": (text("data: 1e3\n"), F, "not canonical YAML: line 5 is in another form"),
    "infinity": (text("data: .inf\n"), F, "not canonical YAML: line 5 has a value"),
    "an integer beyond 64 bits": (text("data: 18446744073709551616\n"), F, "a.yaml is not canonical YAML"),
    "an integer of 5000 digits": (text("data: " + "9" * 5000 + "\n"), F, "a.yaml is not canonical YAML"),
    "a tag": (text('data: !!binary "eA=="\n'), F, "not canonical YAML: line 5 has a value"),
    "an anchor": (text('data: &x "x"\n'), F, "not canonical YAML: line 5 has a value"),
    "an alias": (text("data: *x\n"), F, "not canonical YAML: line 5 has a value"),
    "a merge key": (text("<<:\n  a: 1\n"), F, "a.yaml is not canonical YAML"),
    "a comment": (text(f"# {CANARY}\n"), F, "a.yaml is not canonical YAML"),
    "a block of text": (text(f"data: |\n  {CANARY}\n"), F, "a.yaml is not canonical YAML"),
    "a flow of values": (text('data: {a: "b"}\n'), F, "not canonical YAML: line 5 has a value"),
    "JSON in a value": (text('data: {"a":"b"}\n'), F, "not canonical YAML: line 5 is in another form"),
    "a key twice": (text('data:\n  a: "1"\n  a: "2"\n'), F, "a.yaml is not canonical YAML"),
    "keys that are not sorted": (
        text('data:\n  b: "1"\n  a: "2"\n'),
        F,
        "not canonical YAML: line 6 is in another form",
    ),
    "four spaces": (text('data:\n    a: "1"\n'), F, "a.yaml is not canonical YAML"),
    "a tab": (text('data:\n\ta: "1"\n'), F, "a.yaml is not canonical YAML"),
    "line ends of Windows": (OBJECT.replace("\n", "\r\n").encode(), F, "a.yaml is not canonical YAML"),
    "a second document": (text("---\n" + OBJECT), F, "a.yaml is not canonical YAML"),
    "the end of a document": (text("...\n"), F, "a.yaml is not canonical YAML"),
    "a directive": (b"%YAML 1.1\n---\n" + OBJECT.encode(), F, "a.yaml is not canonical YAML"),
    "a byte order mark": (b"\xef\xbb\xbf" + OBJECT.encode(), F, "a.yaml is not canonical YAML"),
    "NUL": (text('data: "a\x00b"\n'), F, "not canonical YAML: line 5 has a value"),
    "an escape that is longer": (text('data: "\\u0061"\n'), F, "not canonical YAML: line 5 is in another form"),
    "a lone surrogate": (text('data: "\\ud800"\n'), F, "a.yaml is not canonical YAML"),
    "a line separator of Unicode": (text('data: "a\u2028b"\n'), F, "not canonical YAML: line 5 is in another form"),
    "a key that is a number": (text('1: "x"\n'), F, "a.yaml is not canonical YAML"),
    "lists 200,000 deep": (b"- " * 200_000 + b"\n", F, "a.yaml is not canonical YAML"),
    "JSON 200,000 deep": (b"data: " + nested(b"[", 200_000, b"]") + b"\n", F, "a.yaml is not canonical YAML"),
    "blocks 300 deep": (b"".join(b"  " * n + b"a:\n" for n in range(300)), F, "a.yaml is not canonical YAML"),
    "a value that closes the list": (text('data: "a"],["b"\n'), F, "a.yaml is not canonical YAML"),
    "a value too many in a line": (text('data: "a","b"\n'), F, "a.yaml is not canonical YAML"),
    "blanks at the end of a line": (text('data: "a" \n'), F, "not canonical YAML: line 5 is in another form"),
    "an empty line": (text("\n"), F, "a.yaml is not canonical YAML"),
}
INPUTS: list[Hostile] = [
    *cases("archive", {**NOT_GZIP, **CUT, **OTHER_MEMBERS}),
    *cases("manifest", NOT_CANONICAL),
]
