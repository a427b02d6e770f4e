"""Every object between the functions is flipped, cut, swapped, reordered, replayed and forged on the running pipeline.

The functions are real processes, the clusters real ones. Each attack is caught by the function that reads the object
first, with an outcome that says what is wrong; nothing of it reaches the standby, and the last good snapshot restores.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kubestandby import codec
from kubestandby.epochs import begin_epoch
from kubestandby.errors import UntrustedRecordError
from kubestandby.heartbeats import sign_heartbeat
from kubestandby.keys import dsse
from kubestandby.keys.making import make_keys
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action, Function, epoch_key, outcome_key, request_key
from kubestandby.requests import Verdict
from kubestandby.snapshots import SnapshotId, Stage
from tests.e2e.pipeline import times_logged
from tests.fakes.keys import EAST, WEST, asked_epoch, keyring
from tests.fakes.memory_store import MemoryStore
from tests.hostile.attacks import flipped, signed_by, signed_by_a_stranger, without_signature
from tests.hostile.stage import HostileStage, instead, stage_between
from tests.testbed.access import ClusterAccess

pytestmark = [pytest.mark.clusters, pytest.mark.xdist_group("hostile pipeline")]

Tamper = Callable[[bytes, bytes], bytes | None]
"""From an object's right bytes, and those of the same object of snapshot 1-1, to what stands in its place."""

BEFORE = {Stage.RAW: "1-3", Stage.SANITIZED: "1-2"}
"""The snapshot of each stage that its reader has not seen yet."""

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def stage(
    primary: ClusterAccess, standby: ClusterAccess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostileStage]:
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        with stage_between(folder, primary, standby) as made:
            yield made


def cut(data: bytes, _: bytes) -> bytes:
    return data[: len(data) // 2]


def reordered(data: bytes, _: bytes) -> bytes:
    """The archive with two of its 512-byte blocks exchanged, in a gzip stream that is right."""
    tar = gzip.decompress(data)
    return gzip.compress(tar[512:1024] + tar[:512] + tar[1024:], mtime=0)


def packed_anew(data: bytes, _: bytes) -> bytes:
    """The same tar in other bytes: as good, and not what was signed."""
    return gzip.compress(gzip.decompress(data), mtime=1)


def by_a_stranger(data: bytes) -> bytes:
    """The same payload of the same type, signed by a key of the same role that nobody trusts."""
    envelope = codec.decode(data, dsse.SignedEnvelope, "the object")
    strangers = make_keys((EAST, WEST), NOW - timedelta(days=99))
    return dsse.sign(envelope.payload, envelope.payloadType, [strangers.signer(KeyRole.EXPORT, EAST)])


def two_envelopes(data: bytes, _: bytes) -> bytes:
    return data + data


INDEX_ATTACKS: dict[str, tuple[Tamper, str]] = {
    "flipped": (lambda data, _: flipped(data), "index"),
    "cut": (cut, "in our form"),
    "emptied": (lambda *_: b"", "in our form"),
    "stripped of its signature": (lambda data, _: without_signature(data), "is not signed; only signed ones are used"),
    "forged by a stranger": (lambda data, _: signed_by_a_stranger(data), "the signature does not fit"),
    "forged by the other site": (lambda data, _: signed_by(KeyRole.EXPORT, "west")(data), "sign"),
    "forged by another function": (lambda data, _: signed_by(KeyRole.RESTORE, "east")(data), "is not signed by a key"),
    "replayed under another number": (lambda _, old: old, "is that of another snapshot"),
    "doubled": (two_envelopes, "in our form"),
    "said twice": (lambda data, _: data[:-1] + b',"payload":""}', "says a key twice"),
}
ARCHIVE_ATTACKS: dict[str, tuple[Tamper, str]] = {
    "flipped": (lambda data, _: flipped(data), "has another digest than its index says; it is damaged"),
    "cut": (cut, "bytes, its index says"),
    "emptied": (lambda *_: b"", "has 0 bytes, its index says"),
    "taken away": (lambda *_: None, "archive"),
    "swapped for an older one": (lambda _, old: old, "archive"),
    "reordered": (reordered, "archive"),
    "packed anew": (packed_anew, "archive"),
    "grown": (lambda data, _: data + bytes(512), "is larger than its index says"),
}


def tampered(file: Path, old: Path, attack: Tamper) -> tuple[Path, bytes | None]:
    return file, attack(file.read_bytes(), old.read_bytes())


def assert_caught(stage: HostileStage, at: Stage, said: dict[str, str], words: str) -> None:
    assert said["verdict"] == "failed", said
    assert words in said["message"]
    assert BEFORE[at] in said["message"]
    assert "not-for-logs" not in json.dumps(said)
    assert stage.pipeline.snapshots("west").ids(Stage.SANITIZED, stage.group.name)[-1] == SnapshotId(1, 2)
    assert stage.shop.price("west") == "1"


@pytest.mark.parametrize("at", list(Stage))
@pytest.mark.parametrize("attack", INDEX_ATTACKS)
def test_index_between_two_functions(stage: HostileStage, at: Stage, attack: str) -> None:
    change, words = INDEX_ATTACKS[attack]

    with instead(tampered(stage.index(at, BEFORE[at]), stage.index(at, "1-1"), change)):
        said = stage.arrives(at, BEFORE[at])

    assert_caught(stage, at, said, words)


@pytest.mark.parametrize("at", list(Stage))
@pytest.mark.parametrize("attack", ARCHIVE_ATTACKS)
def test_archive_between_two_functions(stage: HostileStage, at: Stage, attack: str) -> None:
    change, words = ARCHIVE_ATTACKS[attack]

    with instead(tampered(stage.archive(at, BEFORE[at]), stage.archive(at, "1-1"), change)):
        said = stage.arrives(at, BEFORE[at])

    assert_caught(stage, at, said, words)


def test_good_snapshot_before_a_damaged_one_restores(stage: HostileStage) -> None:
    bad = (stage.archive(Stage.SANITIZED, "1-2"), b"")
    stage.shop.set_price("west", "9")

    with instead(bad, (stage.index(Stage.SANITIZED, "1-2"), b"{}")):
        outcome = stage.do("west", Action.RESTORE)

    assert outcome.verdict is Verdict.DONE
    assert outcome.snapshot == SnapshotId(1, 1)
    assert stage.shop.price("west") == "1"


def test_stale_snapshot_is_not_freshened_by_heartbeats_that_prove_nothing(stage: HostileStage) -> None:
    """The index is made old by whoever has the key of sanitize; heartbeats' names are forged, moved and damaged."""
    snapshots, group = stage.pipeline.snapshots("west"), stage.group.name
    index = snapshots.read_index(Stage.SANITIZED, group, SnapshotId(1, 2))
    old = replace(index, taken_at=NOW - timedelta(days=9), fresh_until=NOW - timedelta(days=8))
    data = keyring().sign(codec.encode(old), "application/vnd.kubestandby.snapshot.v1+json", KeyRole.SANITIZE, EAST)
    raw = replace(old, stage=Stage.RAW)
    right = sign_heartbeat(keyring(), raw, index.source_sha256, NOW)
    moment, signature = right.key.rpartition("/")[2].removesuffix(".json").split("-")
    stranger = dsse.first_signature(by_a_stranger(right.data)).hex()

    with instead((stage.index(Stage.SANITIZED, "1-2"), data), (stage.file("west", "data", right.key), None)):
        for forged in (
            right.key.replace(signature, signature[::-1]),
            right.key.replace(signature, signature[:-20]),
            right.key.replace(f"-{signature}", ""),
            right.key.replace(moment, f"{NOW + timedelta(seconds=1):%Y%m%dT%H%M%S.%fZ}"),
            sign_heartbeat(keyring(), raw, "0" * 64, NOW).key,
            sign_heartbeat(keyring(), replace(raw, id=SnapshotId(1, 1)), index.source_sha256, NOW).key.replace(
                "/1-1/", "/1-2/"
            ),
            right.key.replace(signature, stranger),
        ):
            with instead((stage.file("west", "data", forged), right.data)):
                said = stage.arrives(Stage.SANITIZED, "1-2")
            assert said["verdict"] == "refused", said
            assert "is stale" in said["message"]
        with instead((stage.file("west", "data", right.key), right.data)):
            said = stage.arrives(Stage.SANITIZED, "1-2")

    assert said["verdict"] == "done", said
    assert stage.shop.price("west") == "2"


# requests, outcomes and epochs


REQUEST_ATTACKS: dict[str, Callable[[bytes], bytes]] = {
    "flipped": flipped,
    "cut": lambda data: data[:-9],
    "stripped of its signature": without_signature,
    "forged by a stranger": by_a_stranger,
    "larger than any": lambda data: data + b" " * (256 << 10),
}


@pytest.mark.parametrize("attack", REQUEST_ATTACKS)
def test_request_between_operator_and_function(stage: HostileStage, attack: str) -> None:
    request = stage.pipeline.ask("west", Action.RESTORE, snapshot=SnapshotId(1, 1), mode="warm")
    key = request_key(stage.group.name, request.name)
    file = stage.file("west", "control", key)
    marks = stage.pipeline.marks("west")

    with instead((file, REQUEST_ATTACKS[attack](file.read_bytes()))):
        said = stage.carry(stage.url("west", "control"), key)

    assert said["verdict"] in ("failed", "refused"), said
    assert request.name in said["message"]
    assert stage.pipeline.marks("west") == marks


def test_request_under_another_name_or_in_another_bucket_is_refused(stage: HostileStage) -> None:
    request = stage.pipeline.ask("west", Action.RESTORE, snapshot=SnapshotId(1, 1), mode="warm")
    right = stage.file("west", "control", request_key(stage.group.name, request.name)).read_bytes()
    again = request_key(stage.group.name, request.name[:-8] + "0" * 8)
    marks = stage.pipeline.marks("west")

    for site in ("west", "east"):
        with instead((stage.file(site, "control", again), right)):
            said = stage.carry(stage.url(site, "control"), again)
        assert said["verdict"] in ("failed", "refused"), said
        assert "request" in said["message"]

    assert stage.pipeline.marks("west") == marks


def test_outcome_that_somebody_else_has_written_is_not_believed(stage: HostileStage) -> None:
    outcome = stage.export()
    name = next(key for key in stage.keys("east", "control") if key.startswith("outcomes/"))
    log, group = stage.pipeline.requests("east"), stage.group.name
    file = stage.file("east", "control", name)
    request = name.rpartition("/")[2].removesuffix(".json")

    with instead((file, by_a_stranger(file.read_bytes()))), pytest.raises(UntrustedRecordError, match=request):
        log.outcome(group, request)

    assert name == outcome_key(group, request)
    assert outcome.verdict is Verdict.UNCHANGED


def test_epoch_that_no_operator_has_asked_for_does_not_change_roles(stage: HostileStage) -> None:
    """Forged by a stranger; and, well signed, by whoever has stolen the restore key of the standby."""
    group, scratch = stage.group.name, MemoryStore()
    epoch = asked_epoch(group, 2, WEST, now=NOW, previous=stage.pipeline.roles().sha256)
    stolen = begin_epoch(scratch, keyring(), replace(epoch, asked=b"{}"))
    right = begin_epoch(MemoryStore(), keyring(), epoch)

    for forged in (stolen, by_a_stranger(right), flipped(right), b""):
        with instead((stage.file("west", "control", epoch_key(group, 2)), forged)):
            outcome = stage.export()
        assert outcome.verdict is Verdict.UNCHANGED, outcome

    assert times_logged(stage.functions, Function.EXPORT, "record_not_believed")


# the way on, and the way back


def test_older_snapshot_is_not_restored_again_whatever_the_order_of_events(stage: HostileStage) -> None:
    stage.arrives(Stage.RAW, "1-3")
    newest = stage.arrives(Stage.SANITIZED, "1-3")
    late = [stage.arrives(Stage.SANITIZED, number)["verdict"] for number in ("1-1", "1-2", "1-3", "1-1")]
    gone = [(made(Stage.SANITIZED, "1-3"), None) for made in (stage.index, stage.archive)]

    with instead(*gone):
        replayed = stage.do("west", Action.RESTORE)

    assert newest["verdict"] == "done", newest
    assert set(late) == {"unchanged"}
    assert replayed.verdict is Verdict.REFUSED
    assert "older than 1-3, which the standby has already had" in replayed.message
    assert stage.shop.price("west") == "3"


def test_failover_takes_the_last_good_snapshot_where_the_newest_was_damaged(stage: HostileStage) -> None:
    """Deliberately: what the standby has had is named, so that going back to it is on record."""
    with instead((stage.index(Stage.SANITIZED, "1-3"), b"{}")):
        refused = stage.do("west", Action.FAILOVER, to=WEST)
        outcome = stage.do("west", Action.FAILOVER, to=WEST, snapshot=SnapshotId(1, 2))

    assert refused.verdict is Verdict.REFUSED
    assert "older than 1-3" in refused.message
    assert outcome.verdict is Verdict.DONE
    assert stage.shop.price("west") == "2"
    assert "not-for-logs" not in stage.functions.log.read_text()
