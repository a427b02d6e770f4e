"""Every reader of bytes that others may have made, and how it is called."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kubestandby import archive, codec, manifest_yaml
from kubestandby.adapters import event_wire, group_file, kube_cluster
from kubestandby.adapters.key_folder import KeyFolder
from kubestandby.adapters.manifest_files.documents import read_manifests
from kubestandby.adapters.manifest_files.sources import FileLimits, SourceReader
from kubestandby.errors import ManifestError
from kubestandby.groups import ClusterAccess, WebhookKind
from kubestandby.import_payload import PayloadLimits, open_payload
from kubestandby.keys.sealed_form import MARK
from kubestandby.keys.sealing import Origin, open_snapshot
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Function, import_key, index_key
from kubestandby.requests import ImportOrder
from kubestandby.snapshots import GroupName, SnapshotId, Stage
from tests.fakes.keys import EAST, WEST, key_bundle, snapshot_store, write_keys
from tests.fakes.memory_store import MemoryStore
from tests.hostile.corpus import archives, keys
from tests.hostile.corpus import foreign as foreign_corpus
from tests.hostile.corpus.case import RefusedError
from tests.unit.webhooks import hooks

SHOP, FIRST = GroupName("shop"), SnapshotId(1, 1)
Read = Callable[[], Any]
"""Reads what was placed before; the value, or the reader's error."""

FOREIGN_LIMITS = FileLimits(file_bytes=4 << 20, total_bytes=12 << 20, files=2000)
PAYLOAD_LIMITS = PayloadLimits(packed_bytes=1 << 20, line_bytes=1 << 20, plain_bytes=8 << 20, objects=2000)
"""Smaller than those of the product, so that a bomb in a test goes off early."""

PRODUCT_LIMITS = FileLimits(), PayloadLimits()


def event(data: bytes, _: Path) -> Read:
    _, headers, body = http_message(data)
    return lambda: event_wire.decode(headers, body)


def http_call(data: bytes, _: Path) -> Read:
    """A call of the export function, whose group has a webhook of every kind."""
    world = hooks.HookedWorld(*(hooks.webhook(kind, env=_variable(kind)) for kind in WebhookKind))
    path, headers, body = http_message(data)

    def read() -> Any:
        before = {url: dict(store.objects) for url, store in world.stores.items()}
        with _Heard() as heard:
            answer = world.apps[Function.EXPORT].answer("POST", headers, body, path=path)
        if answer.status >= 400:
            assert {url: dict(store.objects) for url, store in world.stores.items()} == before, "something was stored"
            raise RefusedError(f"{answer.status} {answer.body['error']} ({'; '.join(heard.said)})")
        return answer

    return read


def configuration(data: bytes, folder: Path) -> Read:
    file = placed(folder / "shop.yaml", data)
    return lambda: group_file.load_groups(file)


def trust_file(data: bytes, folder: Path) -> Read:
    return _key_file(folder, "trust.json", data, lambda found: found.trust())


def root_key(data: bytes, folder: Path) -> Read:
    return _key_file(folder, "root.pub", data, lambda found: found.trust())


def signing_key(data: bytes, folder: Path) -> Read:
    return _key_file(folder, "sites/east/export.key", data, lambda found: found.signer(KeyRole.EXPORT, EAST))


def age_identity(data: bytes, folder: Path) -> Read:
    return _key_file(folder, "sites/east/unseal.age", data, lambda found: found.unwrappers(EAST))


def fingerprint_key(data: bytes, folder: Path) -> Read:
    return _key_file(folder, "sites/east/fingerprint.key", data, lambda found: found.fingerprint_key(EAST))


def raw_index(data: bytes, _: Path) -> Read:
    return _index(Stage.RAW, data)


def sanitized_index(data: bytes, _: Path) -> Read:
    return _index(Stage.SANITIZED, data)


def snapshot_archive(data: bytes, _: Path) -> Read:
    """Checked against a good index, then read; the first of the two that refuses speaks."""

    def read() -> Any:
        archive.check_index(archives.INDEX)
        archive.check_archive(io.BytesIO(data), archives.INDEX)
        return list(archive.read_archive(io.BytesIO(data), archives.INDEX))

    return read


def manifest(data: bytes, _: Path) -> Read:
    return lambda: manifest_yaml.parse(data, "shop/configmaps.core/a.yaml")


def foreign(data: bytes, _: Path) -> Read:
    """As the command line does: from files to manifests; what cannot be read is told and the rest goes on."""

    def read() -> Any:
        reader = SourceReader(io.BytesIO(data), FOREIGN_LIMITS)
        found = [list(read_manifests(file.data, file.name)) for file in reader.files(["-"])]
        if reader.problems:
            raise ManifestError("; ".join(reader.problems))
        return found

    return read


def payload(data: bytes, _: Path) -> Read:
    name = foreign_corpus.PAYLOAD
    store = MemoryStore("memory://east/control")
    store.objects[import_key(SHOP, name)] = data
    unwrappers = key_bundle().unwrappers(EAST)
    order = ImportOrder(payload=name, sha256=codec.sha256_hex(data), size=len(data))

    def read() -> Any:
        with open_payload(store, SHOP, order, unwrappers, PAYLOAD_LIMITS) as reader:
            return sum(1 for _ in reader.objects())

    return read


def sealed_value(data: bytes, _: Path) -> Read:
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "till", "namespace": "shop"},
        MARK: data.decode("utf-8", "replace"),
    }
    unwrappers = key_bundle().unwrappers(WEST)
    unsealer = open_snapshot(keys.SEALER.close(FIRST), Origin(SHOP, ""), FIRST, unwrappers)
    return lambda: unsealer.unseal(manifest)


def kubeconfig(data: bytes, folder: Path) -> Read:
    file = placed(folder / "kubeconfig", data)
    return lambda: kube_cluster.connect(ClusterAccess(kubeconfig=file), site="east")


READERS: dict[str, Callable[[bytes, Path], Read]] = {
    "event": event,
    "call": http_call,
    "webhook": http_call,
    **{f"webhook of {kind}": http_call for kind in WebhookKind if not kind.is_event},
    "configuration": configuration,
    "trust file": trust_file,
    "root key": root_key,
    "signing key": signing_key,
    "age identity": age_identity,
    "fingerprint key": fingerprint_key,
    "envelope": raw_index,
    "raw index": raw_index,
    "sanitized index": sanitized_index,
    "archive": snapshot_archive,
    "manifest": manifest,
    "foreign manifest": foreign,
    "foreign archive": foreign,
    "payload": payload,
    "sealed value": sealed_value,
    "kubeconfig": kubeconfig,
}


def placed(file: Path, data: bytes) -> Path:
    """A private file with these bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    file.chmod(0o600)
    return file


def http_message(data: bytes) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body of a raw HTTP message; headers as WSGI hands them over (PEP 3333)."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = (line.partition(": ") for line in lines)
    return first.split(" ")[1] if " " in first else "/", {name: value for name, _, value in fields}, body


def _variable(kind: str) -> str:
    """Standard Webhooks have secrets of a form of their own."""
    return hooks.SIGNING_VARIABLE if kind == WebhookKind.STANDARD else hooks.SECRET_VARIABLE


def _key_file(folder: Path, name: str, data: bytes, read: Callable[[KeyFolder], Any]) -> Read:
    keys_folder = write_keys(folder)
    placed(keys_folder / name, data)
    return lambda: read(KeyFolder(keys_folder))


def _index(stage: Stage, data: bytes) -> Read:
    store = MemoryStore("memory://bucket")
    store.objects[index_key(stage, SHOP, FIRST)] = data
    return lambda: snapshot_store(store).read_index(stage, SHOP, FIRST)


class _Heard(logging.Handler):
    """What the log says of a call that is told nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        facts = vars(record)
        self.said.append(str(facts.get("reason") or facts.get("error") or record.getMessage()))

    def __enter__(self) -> _Heard:
        logging.getLogger("kubestandby").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("kubestandby").removeHandler(self)
