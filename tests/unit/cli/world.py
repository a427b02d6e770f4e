"""Two sites in folders, a configuration over them, and the command line called in this process."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from kubestandby.adapters.file_store import FileStore
from kubestandby.applied_marks import AppliedMark, AppliedMarks
from kubestandby.archive import ArchiveBuilder
from kubestandby.cli.main import main
from kubestandby.epochs import begin_epoch
from kubestandby.layout import Action
from kubestandby.ports import ObjectStore
from kubestandby.reports import Change, ObjectResult, Purpose, Readiness, RestoreReport, WorkloadStatus
from kubestandby.request_log import RequestLog
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.resources import GVK, Manifest, ObjectRef
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import (
    GroupName,
    ImageUse,
    RuleCount,
    SiteName,
    SnapshotId,
    SnapshotIndex,
    Stage,
    TypeSummary,
)
from tests.fakes.fake_clock import FakeClock
from tests.fakes.keys import asked_epoch, keyring, report_store, request_log, sealer, snapshot_store, write_keys

SHOP = GroupName("shop")
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
EAST, WEST = SiteName("east"), SiteName("west")
WEB = ObjectRef(GVK("apps", "v1", "Deployment"), "shop", "web")
SETTINGS = ObjectRef(GVK("", "v1", "ConfigMap"), "shop", "settings")

Answer = Callable[[Request], Outcome | None]


class WorkingClock(FakeClock):
    """While a command waits, the functions work: every sleep answers the requests that are pending."""

    def __init__(self) -> None:
        super().__init__(NOON)
        self.work: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.work()


class World:
    """One group, shop, from east to west."""

    def __init__(self, folder: Path, clock: WorkingClock) -> None:
        self.folder = folder
        self.clock = clock
        self.config = folder / "shop.yaml"
        self.config.write_text(json.dumps(_group(folder)))
        write_keys(folder)
        self.answer: Answer = lambda _: None
        self.answered: list[Request] = []
        self.lost: set[SiteName] = set()
        clock.work = self._work

    # stores

    def data(self, site: SiteName) -> ObjectStore:
        return FileStore(f"file://{self.folder}/{site}/data")

    def control(self, site: SiteName) -> ObjectStore:
        return FileStore(f"file://{self.folder}/{site}/control")

    def requests(self, site: SiteName) -> RequestLog:
        return request_log(self.control(site), self.clock, site)

    def snapshots(self, site: SiteName) -> SnapshotStore:
        return snapshot_store(self.data(site), self.clock)

    def snapshot(self, id_: str, *, site: SiteName = EAST, stage: Stage = Stage.RAW, **changes: Any) -> SnapshotIndex:
        with ArchiveBuilder() as builder:
            manifest = config_map("settings", colour="green")
            builder.add(ObjectRef.of(manifest), "configmaps", manifest)
            archive = builder.finish()
            index = replace(
                index_of(SnapshotId.parse(id_), stage),
                entries=archive.entries,
                content_sha256=archive.content_sha256,
                archive_sha256=archive.sha256,
                archive_size=archive.size,
                **{"sealing": sealer("shop", "6f1c-uid").close(SnapshotId.parse(id_)), **changes},
            )
            self.snapshots(site).commit(index, archive)
        return index

    def crossed(self, id_: str, **changes: Any) -> SnapshotIndex:
        """A snapshot at both sites."""
        raw = self.snapshot(id_, **changes)
        digest = self.snapshots(EAST).index_digest(Stage.RAW, SHOP, raw.id)
        return self.snapshot(id_, site=WEST, stage=Stage.SANITIZED, source_sha256=digest, **changes)

    def report(self, report: RestoreReport) -> str:
        return report_store(self.data(report.site), self.clock, report.site).write(report)

    def applied(self, id_: str, mode: str = "hot", at: datetime = NOON) -> None:
        mark = AppliedMark(
            group=SHOP, snapshot=SnapshotId.parse(id_), mode=mode, applied_at=at, report="", succeeded=True
        )
        AppliedMarks(self.control(WEST), keyring(self.clock), WEST).add(mark)

    def epoch(self, number: int, primary: SiteName, site: SiteName) -> None:
        begin_epoch(self.control(site), keyring(self.clock), asked_epoch(SHOP, number, primary, now=NOON))

    def begun(self, request: Request) -> None:
        """The epoch that a request to fail over has begun."""
        signed = self.requests(request.to or WEST).signed(SHOP, request.name)
        epoch = asked_epoch(SHOP, request.after_epoch + 1, request.to or WEST, now=NOON)
        epoch = replace(epoch, request=request.name, asked=signed.data)
        begin_epoch(self.control(epoch.primary), keyring(self.clock), epoch)

    def lose(self, site: SiteName) -> None:
        """Makes a site's store unreachable, for root too: a link to itself."""
        self.lost.add(site)
        store = self.folder / site
        if store.exists():
            store.rename(self.folder / f"{site}.lost")
        store.symlink_to(site)

    # the command line

    def run(self, *words: str, stdin: str = "") -> Result:
        env = {"KUBESTANDBY_CONFIG": str(self.config), "NO_COLOR": "1"}
        return CliRunner().invoke(main, list(words), env=env, input=stdin, catch_exceptions=False)

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--output", "json").stdout)

    def _work(self) -> None:
        for site in (site for site in (EAST, WEST) if site not in self.lost):
            log = self.requests(site)
            for request in (log.read(SHOP, name) for name in log.pending(SHOP)):
                outcome = self.answer(request)
                if outcome is not None:
                    log.finish(outcome)
                    self.answered.append(request)


def _group(folder: Path) -> dict[str, Any]:
    sites = {
        site: {
            "cluster": {"kubeconfig": f"{folder}/{site}.kubeconfig"},
            "data": f"file://{folder}/{site}/data",
            "control": f"file://{folder}/{site}/control",
        }
        for site in (EAST, WEST)
    }
    spec = {"namespaces": ["shop"], "sites": sites, "primary": "east", "standby": "west", "restore": {"mode": "hot"}}
    return {"apiVersion": "kubestandby.dev/v1", "kind": "ProtectionGroup", "metadata": {"name": "shop"}, "spec": spec}


def config_map(name: str, namespace: str = "shop", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def index_of(id_: SnapshotId, stage: Stage) -> SnapshotIndex:
    return SnapshotIndex(
        group=SHOP,
        id=id_,
        stage=stage,
        source_cluster="6f1c-uid",
        source_site=EAST,
        server_version="v1.34.4",
        tool_version="0.1.0",
        taken_at=NOON - timedelta(minutes=5),
        fresh_until=NOON + timedelta(hours=1),
        previous="",
        namespaces=("shop",),
        types=(TypeSummary(gvk=GVK("", "v1", "ConfigMap"), plural="configmaps", count=1, resource_version="77"),),
        failures=(),
        entries=(),
        content_sha256="",
        archive_sha256="",
        archive_size=0,
        images=(ImageUse(reference="shop/web:1", used_by=("Deployment.apps shop/web",)),),
        dropped=(RuleCount(rule="owned_by_controller", count=3),),
    )


def report_of(
    id_: str = "1-1", *, purpose: Purpose = Purpose.SYNC, site: SiteName = WEST, **changes: Any
) -> RestoreReport:
    report = RestoreReport(
        group=SHOP,
        snapshot=SnapshotId.parse(id_),
        purpose=purpose,
        mode="hot",
        site=site,
        target_cluster="77aa-uid",
        requested_at=NOON,
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=4),
        results=(
            ObjectResult(ref=SETTINGS, change=Change.CREATED),
            ObjectResult(ref=WEB, change=Change.UNCHANGED),
        ),
        workloads=(WorkloadStatus(ref=WEB, readiness=Readiness.CURRENT),),
        images=("shop/web:1",),
        phases={"apply": 1.0, "plan": 0.5, "verify": 0.2, "wait": 2.3},
        rpo_seconds=300.0,
        rto_seconds=4.0,
    )
    return replace(report, **changes)


def outcome_of(request: Request, verdict: Verdict = Verdict.DONE, **fields: Any) -> Outcome:
    fields.setdefault("message", f"{request.action} is {verdict}")
    return Outcome(group=SHOP, request=request.outcome_name, verdict=verdict, finished_at=NOON, **fields)


def exports(world: World, verdict: Verdict, id_: str, **crossing: Any) -> Answer:
    """Answers an export with this snapshot, which is at both sites at once."""

    def answer(request: Request) -> Outcome | None:
        if request.action is not Action.EXPORT:
            return None
        if verdict is not Verdict.UNCHANGED:
            world.crossed(id_, **crossing)
        return outcome_of(request, verdict, snapshot=SnapshotId.parse(id_))

    return answer


def live(kind: str, name: str, api_version: str = "v1", **fields: Any) -> Manifest:
    """An object as a server would give it."""
    metadata = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "resourceVersion": "5",
        **fields.pop("metadata", {}),
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
