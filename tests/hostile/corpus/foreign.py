"""What people import: YAML, JSON and archives of theirs; and the payload that such an import becomes."""

from __future__ import annotations

import io
import tarfile

from kubestandby.errors import FormatError, ManifestError, UnsealError
from kubestandby.keys.sealed_stream import SealingWriter
from kubestandby.snapshots import SiteName
from tests.fakes.keys import EAST, WEST, recipients
from tests.hostile.corpus.case import CANARY, Hostile, Row, cases, flipped, js, nested, packed, said_twice
from tests.hostile.corpus.configuration import alias_bomb
from tests.unit.importing.archives import manifest, member, tar, tar_gz

M, F, U = ManifestError, FormatError, UnsealError
SECRET = f"""\
apiVersion: v1
kind: Secret
metadata:
  name: till
  namespace: shop
stringData:
  password: {CANARY}
"""


def changed(old: str, new: str) -> bytes:
    assert old in SECRET
    return SECRET.replace(old, new).encode("utf-8", "surrogatepass")


def more(text: str) -> bytes:
    return (SECRET + text).encode()


LAUGHS = alias_bomb(10, 9).encode()
YAML: dict[str, Row] = {
    "no UTF-8": (SECRET.encode() + b"# \xff\n", M, "stdin:8: not text in UTF-8|save it as UTF-8"),
    "UTF-16": (SECRET.encode("utf-16"), M, "stdin:1: not text in UTF-8|save it as UTF-8"),
    "a surrogate in UTF-8": (changed("till", "\ud800"), M, "stdin:4: not text in UTF-8|save it"),
    "NUL": (changed("till", "ti\x00ll"), M, "stdin:4: not YAML|character that YAML does not allow|correct this line"),
    "a byte order mark inside": (changed("till", "\ufefftill"), M, "stdin:4: a byte order mark|take it out"),
    "a quote that is not closed": (changed(CANARY, f'"{CANARY}'), M, "stdin:|not YAML|correct this line"),
    "a tab as indentation": (changed("  name: till", "\tname: till"), M, "stdin:4: not YAML|correct this line"),
    "a template of Helm": (changed("till", "{{ .Release.Name }}"), M, "stdin:4: |a template has to be rendered first"),
    "a control of Helm": (b"{{- if .Values.x }}\n" + SECRET.encode(), M, "stdin:|template"),
    "a text": (CANARY.encode(), M, "stdin:1: no manifest: it is not a mapping"),
    "a number": (b"7\n", M, "stdin:1: no manifest: it is not a mapping"),
    "a list of manifests": (b"- " + SECRET.replace("\n", "\n  ").encode(), M, "stdin:1: no manifest: it is not a map"),
    "a key twice": (more(f"stringData:\n  password: {CANARY}\n"), M, 'stdin:8: the key "stringData" is here twice'),
    "keys that are alike to kubectl": (more("data: {on: x, true: y}\n"), M, 'stdin:8: the key "true" is here twice'),
    "a merge key": (more("data:\n  <<: {a: b}\n"), M, "stdin:9: merge keys|write the fields out"),
    "a tag of Python": (more("data: !!python/object/new:os.system [id]\n"), M, "stdin:8: tags (!)|leave it out"),
    "a binary tag": (more("data: {a: !!binary aGk=}\n"), M, "stdin:8: tags (!)|quote what is text"),
    "a key that is null": (more("data: {~: x}\n"), M, 'stdin:8: the key "~" is no word to kubectl|quote it'),
    "a key that is a float": (more("data: {1.5: x}\n"), M, 'stdin:8: the key "1.5" is no word to kubectl|quote it'),
    "a mapping as key": (more("data: {{a: b}: c}\n"), M, "stdin:8: a mapping or a list as a key"),
    "a list as key": (more("data: {[a]: c}\n"), M, "stdin:8: a mapping or a list as a key"),
    "infinity": (more("x: .inf\n"), M, 'stdin:8: ".inf" is no number that JSON knows|quote it'),
    "not a number": (more("x: .nan\n"), M, 'stdin:8: ".nan" is no number that JSON knows|quote it'),
    "an alias of nothing": (more("x: *nothing\n"), M, "stdin:8: an alias (*) names no anchor|write it out"),
    "an alias of itself": (more("x: &x [*x]\n"), M, "stdin:8: an alias (*) names no anchor|write it out"),
    "an alias as key": (more("x: &x a\ny: {*x : 1}\n"), M, "stdin:9: an alias as a key|write the key out"),
    "a bomb of aliases": (LAUGHS, M, "aliases that multiply to more than a manifest can be|write the values out"),
    "a wide bomb of aliases": (
        b"a: &a " + b"x" * 100_000 + b"\nb: [" + b"*a, " * 200 + b"]\n",
        M,
        "aliases that multiply|write the values out",
    ),
    "a deep bomb of aliases": (
        b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [*a%d]\n" % (n, n, n - 1) for n in range(1, 400)),
        M,
        "aliases that multiply|write the values out",
    ),
    "200,000 levels of lists": (b"[" * 200_000, M, "stdin:1: nested deeper than 200 levels"),
    "200,000 levels of mappings": (b"{a: " * 200_000, M, "stdin:1: not JSON|correct this line"),
    "200,000 levels of blocks": (b"- " * 200_000, M, "stdin:1: nested deeper than 200 levels"),
    "300 levels": (b"".join(b" " * n + b"a:\n" for n in range(300)), M, "nested deeper than 200 levels"),
    "no apiVersion": (changed("apiVersion: v1\n", ""), M, "stdin:1: no manifest: apiVersion is missing"),
    "an apiVersion of slashes": (changed("v1", "a/b/c"), M, 'apiVersion "a/b/c" is not GROUP/VERSION'),
    "no kind": (changed("kind: Secret\n", ""), M, "stdin:1: no manifest: kind is missing"),
    "a kind that is a list": (changed("Secret", "[Secret]"), M, "stdin:2: kind is a list and should be text|quote it"),
    "a kind of 300 letters": (changed("Secret", "S" * 300), M, "stdin:2: kind has 300 characters; the API allows 253"),
    "no metadata": (b"apiVersion: v1\nkind: Secret\n", M, "stdin:1: no manifest: metadata is missing"),
    "metadata that is a text": (changed("metadata:\n  name: till\n  namespace: shop", "metadata: x"), M, "metadata is"),
    "no name": (changed("  name: till\n", ""), M, "stdin:3: no manifest: metadata.name is missing"),
    "a name that is made up later": (changed("name: till", "generateName: till-"), M, "generateName|give it a name"),
    "a name that is Norway": (changed("till", "no"), M, "stdin:4: metadata.name is true or false|quote it"),
    "a name that is a number": (changed("till", "0o17"), M, "stdin:4: metadata.name is a number|quote it"),
    "a namespace that is a mapping": (changed("shop", "{a: b}"), M, "stdin:5: metadata.namespace is a mapping"),
    "labels that are a list": (changed("  namespace", "  labels: [a]\n  namespace"), M, "metadata.labels is a list"),
    "a label that is a number": (
        changed("  namespace", "  labels: {a: 1}\n  namespace"),
        M,
        '["a"] is a number|quote it',
    ),
    "annotations of a mapping": (
        changed("  namespace", "  annotations: {a: {b: c}}\n  namespace"),
        M,
        '["a"] is a map',
    ),
    "finalizers that are numbers": (
        changed("  namespace", "  finalizers: [1]\n  namespace"),
        M,
        "metadata.finalizers[0]",
    ),
    "an owner without a name": (
        changed("  namespace", "  ownerReferences: [{kind: A, apiVersion: v1}]\n  namespace"),
        M,
        "ownerReferences[0].name is missing",
    ),
    "a kustomization": (
        b"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
        M,
        "a kustomization|kubectl kustomize DIR",
    ),
}
OBJECT = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "till"}, "stringData": {"password": CANARY}}
JSON: dict[str, Row] = {
    "half of an object": (js(OBJECT)[:60], M, "stdin:1: not JSON|correct this line"),
    "a key twice in JSON": (b'{"kind": "A",\n"kind": "B"}', M, 'stdin:2: the key "kind" is here twice|leave one out'),
    "not a number in JSON": (b'{"kind": NaN}', M, "stdin:1: a number in this document|correct it"),
    "1e400": (b'{"kind": 1e400}', M, "stdin:1: a number in this document is larger than JSON readers take"),
    "an integer of 5000 digits": (b'{"kind": ' + b"9" * 5000 + b"}", M, "stdin:1: a number in this document is larger"),
    "JSON 200,000 deep": (b'{"a":' * 200_000, M, "stdin:1: |nested too deeply"),
    "JSON lists 200,000 deep": (b'{"a":' + nested(b"[", 200_000, b"]") + b"}", M, "stdin:1: |nested too deeply"),
    "something after an object": (js(OBJECT) + b" x", M, "stdin:1: not JSON|correct this line"),
    "items that are texts": (
        b'{"kind": "List", "items": ["' + CANARY.encode() + b'"]}',
        M,
        "no manifest: it is not a map",
    ),
    "no object among items in items": (
        js({"items": [{"items": [OBJECT, {"items": [{"password": CANARY}]}]}]}),
        M,
        "no manifest: apiVersion is missing",
    ),
    "an empty key": (b'{"": {}}', M, "no manifest: apiVersion is missing"),
}
ONE = member("a.yaml", manifest("a"))
TAR = tar(ONE, member("b.yaml", manifest("b")))
GZ = packed(TAR)
ARCHIVES: dict[str, Row] = {
    "a name that leads out": (tar_gz(member("../../etc/a.yaml", manifest("a"))), M, "stdin: |leads out of it|tar -czf"),
    "an absolute name": (tar_gz(member("/etc/a.yaml", manifest("a"))), M, "stdin: |leads out of it|tar -czf"),
    "dots in the middle": (tar_gz(member("a/../../b.yaml", manifest("a"))), M, "stdin: |leads out of it|tar -czf"),
    "a long name that leads out": (tar_gz(member("x/" * 200 + "../" * 300 + "a.yaml")), M, "stdin: |leads out of it"),
    "a long name of pax that leads out": (
        tar_gz(member("x/" * 200 + "../" * 300 + "a.yaml"), form=tarfile.PAX_FORMAT),
        M,
        "stdin: |leads out of it",
    ),
    "a symbolic link": (
        tar_gz(member("a.yaml", type=tarfile.SYMTYPE, linkname="/etc/shadow")),
        M,
        "is a link or a dev",
    ),
    "a hard link": (
        tar_gz(member("a.yaml", type=tarfile.LNKTYPE, linkname="b.yaml")),
        M,
        "a.yaml is a link or a device",
    ),
    "a device": (tar_gz(member("a.yaml", type=tarfile.BLKTYPE)), M, "a.yaml is a link or a device; only plain files"),
    "a pipe": (tar_gz(member("a.yaml", type=tarfile.FIFOTYPE)), M, "a.yaml is a link or a device; only plain files"),
    "a sparse file": (tar_gz(member("a.yaml", manifest("a"), type=tarfile.GNUTYPE_SPARSE)), M, "kind that is not read"),
    "an escape in a name": (tar_gz(member("\x1b[2Ja.yaml", manifest("a"))), M, "no text that can be shown"),
    "a line break in a name": (tar_gz(member("a\nerror: x.yaml", manifest("a"))), M, "no text that can be shown"),
    "a name of 100 KiB": (tar_gz(member("x" * 100_000 + ".yaml")), M, "a name of more than 64 KiB"),
    "cut at a member's boundary": (tar(ONE)[:1024], M, "stdin: it is cut off: the end of the archive is missing"),
    "cut in a member": (TAR[:540], M, "stdin: it is cut off in the middle of a member"),
    "a wrong checksum": (flipped(TAR, 1024 + 5), M, "stdin: it is damaged|a header's checksum is wrong"),
    "gzip cut off": (GZ[:60], M, "stdin"),
    "gzip with a flipped bit": (flipped(GZ, 40), M, "stdin"),
    "a member that is no manifest": (tar_gz(member("a.yaml", CANARY.encode())), M, "stdin!a.yaml:1: no manifest"),
    "a bomb of zeros": (packed(bytes(8 << 20)), M, "stdin"),
    "a bomb in a member": (tar_gz(member("a.yaml", b"#" * (8 << 20))), M, "stdin!a.yaml: more than|split the file"),
    "a bomb of members": (
        packed(b"".join(tar(member(f"{n}.yaml", b" "))[:1024] for n in range(3000)) + bytes(1024)),
        M,
        "more than 2000 files; import them in parts",
    ),
    "a bomb beside the manifests": (
        tar_gz(member("a.bin", bytes(16 << 20)), ONE),
        M,
        "bytes in all; import the files in parts",
    ),
}
PAYLOAD = "20261122T120000.000000Z-0123abcd"


def sealed(data: bytes, group: str = "shop", name: str = PAYLOAD, site: SiteName = EAST) -> bytes:
    """The bytes, sealed as what an import into a group brings along."""
    target = io.BytesIO()
    writer = SealingWriter(target, recipients(site), ("import", group, name))
    writer.write(data)
    writer.close()
    return target.getvalue()


def lines(*texts: bytes) -> bytes:
    return sealed(packed(b"".join(text + b"\n" for text in texts)))


GOOD = lines(b'["a.yaml:1", {}]')
HEADER, BODY = GOOD.split(b"\n", 1)
SEALED: dict[str, Row] = {
    "in clear": (packed(b'["a", {}]\n'), F, "payload imports/shop/|is not sealed"),
    "nothing at all": (b"", F, "payload imports/shop/|is not sealed"),
    "a header of 1 MiB": (b" " * (1 << 20), F, "payload imports/shop/|is not sealed"),
    "a header that is no JSON": (b"{" + CANARY.encode() + b"\n" + BODY, F, "payload imports/shop/|in our form"),
    "a header that is a list": (b"[]\n" + BODY, F, "payload imports/shop/|is not sealed"),
    "a header that says a key twice": (said_twice(HEADER, "key") + b"\n" + BODY, F, "says a key twice"),
    "another form of sealing": (HEADER.replace(b"stream v1", b"stream v9") + b"\n" + BODY, F, "upgrade kubestandby"),
    "another cipher": (HEADER.replace(b"aes-256-gcm", b"rot-13") + b"\n" + BODY, F, "not known here|upgrade"),
    "a key wrapped otherwise": (HEADER.replace(b'"age"', b'"pgp"') + b"\n" + BODY, U, "no key here that unwraps"),
    "a wrapped key that was changed": (
        HEADER.replace(b'"key":"YWdl', b'"key":"YWdm') + b"\n" + BODY,
        U,
        "payload imports/shop/|cannot be unsealed|sealed for other keys, or is damaged",
    ),
    "another group's payload": (sealed(b"", group="bank"), U, "cannot be unsealed: it was sealed as another one"),
    "another payload of the group": (sealed(b"", name=PAYLOAD[:-1] + "e"), U, "it was sealed as another one"),
    "the other site's payload": (sealed(b"", site=WEST), U, "cannot be unsealed|sealed for other keys"),
    "its chunk left off": (HEADER + b"\n", U, "cannot be unsealed: it was changed, or cut off"),
    "a chunk cut off": (GOOD[:-1], U, "cannot be unsealed: it was changed, or cut off"),
    "a chunk with a flipped bit": (flipped(GOOD, -1), U, "cannot be unsealed: it was changed, or cut off"),
    "a chunk and more": (GOOD + b"x", U, "cannot be unsealed: it was changed, or cut off"),
    "a chunk twice": (GOOD + BODY, U, "cannot be unsealed: it was changed, or cut off"),
}
PAYLOADS: dict[str, Row] = {
    **SEALED,
    "no gzip of a payload": (sealed(CANARY.encode()), F, "payload imports/shop/|is not gzip|import the files again"),
    "nothing of a payload": (sealed(b"\x1f"), F, "payload imports/shop/|is not gzip|import the files again"),
    "half of a payload": (
        sealed(packed(b'["a.yaml:1",{}]\n' * 99)[:40]),
        F,
        "payload imports/shop/|is not gzip|again",
    ),
    "a line that is no JSON": (
        sealed(packed(CANARY.encode() + b"\n")),
        F,
        "line 1 is not in our form|import the files again",
    ),
    "a line that is an object": (sealed(packed(b"{}\n")), F, "line 1 is not in our form|import the files again"),
    "a line of three": (sealed(packed(b'["a", {}, {}]\n')), F, "line 1 is not in our form|import the files again"),
    "a line of one": (sealed(packed(b'["a"]\n')), F, "line 1 is not in our form|import the files again"),
    "a manifest that is a text": (
        sealed(packed(b'["a", "' + CANARY.encode() + b'"]\n')),
        F,
        "line 1 is not in our form|again",
    ),
    "an origin that is a number": (sealed(packed(b"[7, {}]\n")), F, "line 1 is not in our form|import the files again"),
    "a second line that is null": (
        sealed(packed(b'["a", {}]\nnull\n')),
        F,
        "line 2 is not in our form|import the files again",
    ),
    "a line that is deep": (
        lines(b'["a", ' + nested(b"[", 9000, b"]") + b"]"),
        F,
        "line 1 is not in our form|import the files again",
    ),
    "a line of 2 MiB": (lines(b'["a", {"b": "' + b"x" * (2 << 20) + b'"}]'), F, "more than an import may|in parts"),
    "more lines than may be": (lines(*[b'["a",{}]'] * 2001), F, "more than an import may|in parts"),
    "a bomb of a payload": (sealed(packed(bytes(32 << 20))), F, "more than an import may|in parts"),
    "a payload that goes on as something else": (
        sealed(packed(b'["a",{}]\n') + b"x" * 30),
        F,
        "is not gzip, or is damaged|import the files again",
    ),
}
INPUTS: list[Hostile] = [
    *cases("foreign manifest", {**YAML, **JSON}),
    *cases("foreign archive", ARCHIVES),
    *cases("payload", PAYLOADS),
]
