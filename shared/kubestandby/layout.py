"""Keys of all objects in the data and control buckets: the only module that knows them.

Keys are relative to the bucket. Everything is create-only: state is the highest number that exists.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from kubestandby.errors import FormatError
from kubestandby.snapshots import GroupName, SiteName, SnapshotId, Stage

_TIME_FORMAT = "%Y%m%dT%H%M%S.%fZ"


class Function(StrEnum):
    """The three functions."""

    EXPORT = "export"
    SANITIZE = "sanitize"
    RESTORE = "restore"


class Action(StrEnum):
    """What a request asks for; each is carried out by one function."""

    EXPORT = "export"
    IMPORT = "import"
    SANITIZE = "sanitize"
    RESTORE = "restore"
    PLAN = "plan"
    FAILOVER = "failover"


FUNCTION_OF = {
    Action.EXPORT: Function.EXPORT,
    Action.IMPORT: Function.EXPORT,
    Action.SANITIZE: Function.SANITIZE,
    Action.RESTORE: Function.RESTORE,
    Action.PLAN: Function.RESTORE,
    Action.FAILOVER: Function.RESTORE,
}


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Key of a request, read: `requests/<group>/<time>-<action>-<id>.json`, time as 20261122T165000Z."""

    group: GroupName
    name: str
    action: Action


@dataclass(frozen=True, slots=True)
class IndexKey:
    """Key of a snapshot's index, read."""

    stage: Stage
    group: GroupName
    id: SnapshotId


@dataclass(frozen=True, slots=True)
class ReportKey:
    """Key of a report, read: `reports/<group>/<snapshot>/<time>-<purpose>.json`."""

    key: str
    snapshot: SnapshotId
    time: str
    purpose: str


def time_in_key(moment: datetime) -> str:
    """How a moment stands in keys: 20261122T165000.123456Z, so that their order is that of time."""
    return moment.astimezone(UTC).strftime(_TIME_FORMAT)


def parse_time(text: str) -> datetime:
    """The moment in a key.

    Raises:
        ValueError: it is none.
    """
    return datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=UTC)


# data bucket


def snapshot_prefix(stage: Stage, group: GroupName) -> str:
    """Prefix of all snapshots of a group in a stage."""
    return f"{stage}/{group}/"


def archive_key(stage: Stage, group: GroupName, snapshot: SnapshotId) -> str:
    """The archive: written first."""
    return f"{stage}/{group}/{snapshot}/snapshot.tar.gz"


def index_key(stage: Stage, group: GroupName, snapshot: SnapshotId) -> str:
    """The index: its creation is the commit and the event."""
    return f"{stage}/{group}/{snapshot}/index.json"


def report_prefix(group: GroupName) -> str:
    """Prefix of all reports of a group."""
    return f"reports/{group}/"


def report_key(group: GroupName, snapshot: SnapshotId, time: str, purpose: str) -> str:
    """One restore report; `time` as 20261122T165000.123456Z."""
    return f"reports/{group}/{snapshot}/{time}-{purpose}.json"


def parse_report_key(key: str) -> ReportKey | None:
    """What a report's key says, or None where the key is of something else."""
    parts = key.split("/")
    if len(parts) != 4 or parts[0] != "reports" or not parts[3].endswith(".json"):
        return None
    time, _, purpose = parts[3].removesuffix(".json").partition("-")
    try:
        return ReportKey(key, SnapshotId.parse(parts[2]), time, purpose)
    except FormatError:
        return None


def parse_index_key(key: str) -> IndexKey | None:
    """What an index's key says, or None where the key is of something else."""
    parts = key.split("/")
    if len(parts) != 4 or parts[0] not in tuple(Stage) or parts[3] != "index.json":
        return None
    try:
        return IndexKey(Stage(parts[0]), GroupName(parts[1]), SnapshotId.parse(parts[2]))
    except FormatError:
        return None


# control bucket


def request_prefix(group: GroupName) -> str:
    """Prefix of all requests of a group."""
    return f"requests/{group}/"


def request_key(group: GroupName, name: str) -> str:
    """One request; `name` is `<time>-<action>-<id>`."""
    return f"requests/{group}/{name}.json"


def outcome_prefix(group: GroupName) -> str:
    """Prefix of all outcomes of a group."""
    return f"outcomes/{group}/"


def outcome_key(group: GroupName, name: str) -> str:
    """The outcome of the request of this name: written once, when the work is done or has failed for good."""
    return f"outcomes/{group}/{name}.json"


def begun_key(group: GroupName, name: str) -> str:
    """Mark that the request of this name has been begun: what comes to pass from here on may be missed by it."""
    return f"begun/{group}/{name}.json"


def import_prefix(group: GroupName) -> str:
    """Prefix of the manifests that requests to import have brought along."""
    return f"imports/{group}/"


def import_key(group: GroupName, name: str) -> str:
    """The manifests that one request to import has brought along; deleted when it has its outcome."""
    return f"imports/{group}/{name}.jsonl.gz"


def parse_import_key(key: str) -> str | None:
    """The name in an import's key, or None where the key is of something else."""
    parts = key.split("/")
    is_import = len(parts) == 3 and parts[0] == "imports" and parts[2].endswith(".jsonl.gz")
    return parts[2].removesuffix(".jsonl.gz") if is_import else None


def delivery_prefix(group: GroupName) -> str:
    """Prefix of the records of webhook deliveries."""
    return f"deliveries/{group}/"


def delivery_key(group: GroupName, period: str, digest: str) -> str:
    """A delivery that was taken in this period (its first day, as 20261119); `digest` is made of its id."""
    return f"deliveries/{group}/{period}/{digest}.json"


def epoch_prefix(group: GroupName) -> str:
    """Prefix of all role changes of a group."""
    return f"epochs/{group}/"


def epoch_key(group: GroupName, epoch: int) -> str:
    """One role change: says which site is primary from here on."""
    return f"epochs/{group}/{epoch}.json"


def heartbeat_prefix(group: GroupName) -> str:
    """Prefix of the proofs of freshness."""
    return f"heartbeats/{group}/"


def heartbeat_key(group: GroupName, snapshot: SnapshotId, name: str) -> str:
    """Proof that the state was still that of `snapshot`; `name` is the moment and the signature: TIME-SIGNATURE."""
    return f"heartbeats/{group}/{snapshot}/{name}.json"


def applied_prefix(group: GroupName) -> str:
    """Prefix of the marks of snapshots that this site's standby has taken in."""
    return f"applied/{group}/"


def applied_key(group: GroupName, snapshot: SnapshotId, mode: str) -> str:
    """Mark that this site has restored the snapshot in this mode: the site's high-water mark."""
    return f"applied/{group}/{snapshot}-{mode}.json"


def served_prefix(group: GroupName) -> str:
    """Prefix of what the other site has told of the versions that its cluster serves."""
    return f"served/{group}/"


def served_key(group: GroupName, time: str) -> str:
    """What the other site serves since then; `time` as 20261122T165000.123456Z."""
    return f"served/{group}/{time}.json"


def parse_request_key(key: str) -> RequestKey | None:
    """What a request's key says, or None where the key is of something else."""
    parts = key.split("/")
    if len(parts) != 3 or parts[0] != "requests" or not parts[2].endswith(".json"):
        return None
    name = parts[2].removesuffix(".json")
    words = name.split("-")
    if len(words) != 3 or words[1] not in tuple(Action):
        return None
    return RequestKey(GroupName(parts[1]), name, Action(words[1]))


# either bucket


def doctor_prefix(site: SiteName) -> str:
    """Prefix of the objects by which `doctor` sees whether a bucket is create-only, from a site. Nothing reads them."""
    return f"doctor/{site}/"


def doctor_key(site: SiteName, name: str) -> str:
    """One of them."""
    return f"doctor/{site}/{name}.json"
