"""Every reader of bytes that others may have made, and how it is called."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from kubestandby import codec, tar_form
from kubestandby.adapters import group_file, kube_access, kube_cluster
from kubestandby.adapters.key_folder import KeyFolder
from kubestandby.adapters.manifest_files.documents import read_manifests
from kubestandby.adapters.manifest_files.sources import FileLimits, SourceReader
from kubestandby.applied_marks import AppliedMarks
from kubestandby.archive import content_digest
from kubestandby.errors import ManifestError, UntrustedRecordError
from kubestandby.groups import ClusterAccess, WebhookKind
from kubestandby.heartbeats import last_heartbeat
from kubestandby.import_payload import PayloadLimits, open_payload
from kubestandby.keys.sealed_form import MARK
from kubestandby.keys.sealing import Origin, open_snapshot
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import archive_key, heartbeat_prefix, import_key, index_key
from kubestandby.requests import ImportOrder
from kubestandby.roles import current_epoch
from kubestandby.served_versions import ServedRecords
from kubestandby.snapshots import GroupName, ManifestEntry, SnapshotId, Stage
from tests.fakes.keys import EAST, WEST, key_bundle, keyring, report_store, request_log, snapshot_store, write_keys
from tests.fakes.memory_store import MemoryStore
from tests.hostile.corpus import archives, keys, records
from tests.hostile.corpus import foreign as foreign_corpus
from tests.hostile.corpus.case import RefusedError
from tests.hostile.http_readers import Read, event, http_call
from tests.unit.runtime import world

SHOP, FIRST = GroupName("shop"), SnapshotId(1, 1)
FOREIGN_LIMITS = FileLimits(file_bytes=4 << 20, total_bytes=12 << 20, files=2000)
PAYLOAD_LIMITS = PayloadLimits(packed_bytes=1 << 20, line_bytes=1 << 20, plain_bytes=8 << 20, objects=2000)
"""Smaller than those of the product, so that a bomb in a test goes off early."""

PRODUCT_LIMITS = FileLimits(), PayloadLimits()


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
    """Against the entries of a good index that names these very bytes: what is wrong is in the archive alone."""
    return _archive(data, archives.INDEX.entries)


def manifest(data: bytes, _: Path) -> Read:
    """As the one member of an archive, whose index and header name these very bytes."""
    right = archives.INDEX.entries[0]
    entry = replace(right, size=len(data), sha256=codec.sha256_hex(data))
    tar = tar_form.header(entry.path, entry.size) + data + tar_form.padding(entry.size) + tar_form.END
    return _archive(gzip.compress(tar, compresslevel=1), (entry,))


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


def request(data: bytes, _: Path) -> Read:
    store = _control(records.KINDS["request"], data)
    return lambda: request_log(store, site=WEST).read(SHOP, records.NAME)


def outcome(data: bytes, _: Path) -> Read:
    store = _control(records.KINDS["outcome"], data)
    return lambda: request_log(store, site=WEST).outcome(SHOP, records.NAME)


def epoch(data: bytes, _: Path) -> Read:
    """What does not count is passed over, and said."""
    store, shop = _control(records.KINDS["epoch"], data), world.group()

    def read() -> Any:
        roles = current_epoch(shop, {WEST: store}, keyring())
        if roles.doubtful:
            raise UntrustedRecordError("; ".join(roles.doubtful))
        return roles

    return read


def mark(data: bytes, _: Path) -> Read:
    """As for an epoch."""
    store, doubts = _control(records.KINDS["mark"], data), list[UntrustedRecordError]()

    def read() -> Any:
        highest = AppliedMarks(store, keyring(), WEST, doubts.append).highest(SHOP, "hot")
        for doubt in doubts:
            raise doubt
        return highest

    return read


def versions(data: bytes, _: Path) -> Read:
    """As for an epoch."""
    store, doubts = _control(records.KINDS["versions"], data), list[UntrustedRecordError]()

    def read() -> Any:
        served = ServedRecords(store, keyring(), WEST, doubts.append).newest(SHOP, EAST)
        for doubt in doubts:
            raise doubt
        return served

    return read


def report(data: bytes, _: Path) -> Read:
    store = _control(records.KINDS["report"], data)
    return lambda: report_store(store).read(records.KINDS["report"].place.key)


def heartbeat(data: bytes, _: Path) -> Read:
    """The input is what of it is read: the object's name."""
    store = MemoryStore("memory://west/data")
    store.objects[f"{heartbeat_prefix(SHOP)}{FIRST}/{data.decode(errors='surrogateescape')}"] = b""
    index = replace(archives.INDEX, source_site=EAST)

    def read() -> Any:
        found = last_heartbeat(store, keyring(), index, records.BEAT.index_sha256)
        if found is None:
            raise RefusedError("it proves nothing; the deadline stays")
        return found

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


def secret_kubeconfig(data: bytes, _: Path) -> Read:
    """One that comes out of a Vault: it may lead to no file and to no program of this machine."""
    return lambda: kube_access.given_kubeconfig(data, "", where="cluster of site east")


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
    "request": request,
    "outcome": outcome,
    "epoch": epoch,
    "mark": mark,
    "report": report,
    "versions": versions,
    "heartbeat": heartbeat,
    "sealed value": sealed_value,
    "kubeconfig": kubeconfig,
    "kubeconfig in a secret": secret_kubeconfig,
}


def placed(file: Path, data: bytes) -> Path:
    """A private file with these bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    file.chmod(0o600)
    return file


def _key_file(folder: Path, name: str, data: bytes, read: Callable[[KeyFolder], Any]) -> Read:
    keys_folder = write_keys(folder)
    placed(keys_folder / name, data)
    return lambda: read(KeyFolder(keys_folder))


def _control(kind: records.Kind, data: bytes) -> MemoryStore:
    store = MemoryStore("memory://west/control")
    store.objects[kind.place.key] = data
    return store


def _archive(data: bytes, entries: tuple[ManifestEntry, ...]) -> Read:
    store = MemoryStore("memory://bucket")
    store.objects[archive_key(Stage.RAW, SHOP, FIRST)] = data
    index = replace(
        archives.INDEX,
        entries=entries,
        content_sha256=content_digest(entries),
        archive_size=len(data),
        archive_sha256=codec.sha256_hex(data),
    )
    return lambda: snapshot_store(store).all_objects(index)


def _index(stage: Stage, data: bytes) -> Read:
    store = MemoryStore("memory://bucket")
    store.objects[index_key(stage, SHOP, FIRST)] = data
    return lambda: snapshot_store(store).read_index(stage, SHOP, FIRST)
