"""The acts of the demo, in order: deploy, change, arrive, cut the primary off, fail over, compare."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from kubestandby.adapters.kube_cluster import connect
from kubestandby.adapters.stores import open_store
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.cli.arrival import Arrival
from kubestandby.cli.demo.app_cluster import AppCluster, Workload, namespace_ref, refuse_existing
from kubestandby.cli.demo.clearing import clear
from kubestandby.cli.demo.comparing import Compared, captured, compared
from kubestandby.cli.demo.forwarder import Forwarder, refusal
from kubestandby.cli.demo.kubeconfigs import forwarded, read_context
from kubestandby.cli.demo.manifests import SAMPLE_GROUP, changed, namespaces_of, read_files, sample_shop
from kubestandby.cli.demo.service import Up, run_command, told_errors
from kubestandby.cli.demo.tables import comparison_table, journey_table, ready_table
from kubestandby.cli.demo.workspace import PRIMARY_SITE, STANDBY_SITE, Workspace
from kubestandby.cli.keys_commands import init_keys
from kubestandby.cli.progress import Steps
from kubestandby.cli.restore_tables import report_view
from kubestandby.cli.run_command import follow
from kubestandby.cli.session import Session, reports_at, requests_at
from kubestandby.cli.tables import show
from kubestandby.cli.waiting import wait_for
from kubestandby.cli.wording import counted
from kubestandby.errors import ConfigError, StandbyError
from kubestandby.groups import OWN_NAMESPACE, ClusterAccess, RestoreMode, inventory_name
from kubestandby.ports import ClusterIdentity
from kubestandby.reports import RestoreReport
from kubestandby.resources import GVK, Manifest, ObjectRef
from kubestandby.snapshots import GroupName

_STATE_VARIABLE = "XDG_STATE_HOME"
_READY_SECONDS = 300.0
_ARRIVE_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asked for."""

    primary: ClusterAccess
    standby: ClusterAccess
    app: tuple[Path, ...] = ()
    namespace: str = "demo"
    mode: RestoreMode = RestoreMode.WARM
    keep: bool = False

    @property
    def group(self) -> GroupName:
        """Name of the protection group."""
        return GroupName("app" if self.app else SAMPLE_GROUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the demo has shown."""

    report: RestoreReport
    compared: tuple[Compared, ...]
    workloads: tuple[Workload, ...]
    failed_over: bool

    @property
    def whole(self) -> bool:
        """Whether everything runs on the standby as it was on the primary."""
        ready = all(workload.all_ready for workload in self.workloads)
        return self.failed_over and self.report.succeeded and ready and all(one.equal for one in self.compared)


@dataclass(slots=True)
class Demo:
    """The demo under way. Everything that it makes is undone by `ending`, in reverse order."""

    wanted: Wanted
    console: Console
    steps: Steps
    ending: ExitStack
    clock: SystemClock = field(default_factory=SystemClock)
    workspace: Workspace = field(default_factory=Workspace)
    forwarder: Forwarder | None = None
    manifests: list[dict[str, Any]] = field(default_factory=list)
    namespaces: list[str] = field(default_factory=list)

    def play(self) -> Told:
        """All acts.

        Raises:
            StandbyError: an act did not come to its end.
        """
        self.ending.callback(self._remove_workspace)
        # The functions' lock and log belong to the demo's folder, also for the processes that it starts.
        os.environ[_STATE_VARIABLE] = str(self.workspace.folder / "state")
        self.steps.act("An application runs on the primary")
        primary, standby, same_version = self._meet()
        self._prepare(primary, standby)
        self._deploy(primary)
        with Up(self.workspace.config, self.workspace.log, self.steps) as up:
            try:
                return self._cross(up, primary, standby, same_version=same_version)
            except StandbyError:
                self._tell_errors(up)
                raise

    def _cross(self, up: Up, primary: AppCluster, standby: AppCluster, *, same_version: bool) -> Told:
        session = Session.open(self.workspace.config)
        self.steps.act("The application crosses")
        self._send(session, up)
        self.steps.act("A new release crosses")
        self._change(primary)
        self._send(session, up)
        expected = captured(primary, self.namespaces, self._made())
        self.steps.act("The primary is lost")
        self._cut_off()
        failed_over = self._fail_over()
        if not failed_over:
            self._tell_errors(up)
        self.steps.act("Is it all there?")
        return self._compare(session, standby, expected, failed_over=failed_over, same_version=same_version)

    def _tell_errors(self, up: Up) -> None:
        """The functions' log goes with the demo's folder; what went wrong in it should not."""
        for sentence in told_errors(up.functions_log) if up.functions_log else ():
            self.steps.failed(sentence)

    def _meet(self) -> tuple[AppCluster, AppCluster, bool]:
        """Both clusters, and whether they run the same version."""
        with self.steps.doing("meeting the two clusters") as step:
            access = (self.wanted.primary, self.wanted.standby)
            clusters = [connect(one, site=name) for one, name in zip(access, ("primary", "standby"), strict=True)]
            one, other = (cluster.identity() for cluster in clusters)
            if one.uid == other.uid:
                raise ConfigError("both kubeconfigs lead to the same cluster; give two different ones")
            step.now(f"two clusters: Kubernetes {one.version} and {other.version}")
            primary, standby = (AppCluster(cluster, self.clock) for cluster in clusters)
        return primary, standby, _minor(one) == _minor(other)

    def _prepare(self, primary: AppCluster, standby: AppCluster) -> None:
        """Reads the application, looks that nothing of it is there yet, and writes the configuration."""
        if self.wanted.app:
            read = read_files(self.wanted.app)
        else:
            read = sample_shop(own_storage_class=not primary.has_default_storage_class())
        self.manifests = primary.placed(read, self.wanted.namespace)
        self.namespaces = namespaces_of(self.manifests)
        refuse_existing(primary.existing(self.manifests, self.namespaces), "primary")
        refuse_existing([*standby.existing(self.manifests, self.namespaces), *standby.left([self._record])], "standby")
        context = read_context(_kubeconfig(self.wanted.primary), self.wanted.primary.context)
        self.forwarder = Forwarder(*context.address)
        self.forwarder.start()
        self.ending.callback(self.forwarder.close)
        self.workspace.write_kubeconfig(forwarded(context, self.forwarder.port))
        self.workspace.write_config(
            self.wanted.group, self.namespaces, self.wanted.standby, self.wanted.mode, self._named()
        )
        with self.steps.doing("making the keys that sign and seal (kubestandby keys init)"):
            init_keys(Session.open(self.workspace.config))
        if not self.wanted.keep:
            made = [(standby, self._made_on_standby(standby)), (primary, self._made())]
            self.ending.callback(clear, made, clock=self.clock, steps=self.steps)

    def _made(self) -> list[ObjectRef]:
        """What goes away at the end: namespaces first, then what is outside of them, the last made first."""
        return [*(namespace_ref(name) for name in self.namespaces), *reversed(self._outside())]

    def _made_on_standby(self, standby: AppCluster) -> list[ObjectRef]:
        own = namespace_ref(OWN_NAMESPACE)
        return [*self._made(), self._record, *([] if standby.get(own) else [own])]

    @property
    def _record(self) -> ObjectRef:
        """What a restore writes of the group on the standby: another demo would take it for its own past."""
        return ObjectRef(GVK("", "v1", "ConfigMap"), OWN_NAMESPACE, inventory_name(self.wanted.group))

    def _outside(self) -> list[ObjectRef]:
        """The application's cluster-scoped objects but namespaces that are not its own."""
        refs = (ObjectRef.of(manifest) for manifest in self.manifests if not manifest["metadata"].get("namespace"))
        return [ref for ref in dict.fromkeys(refs) if ref.gvk.kind != "Namespace"]

    def _named(self) -> list[ObjectRef]:
        """Of somebody's manifests all belongs to the application, also what no object of its namespaces refers to.

        The sample shop's cluster-scoped objects are found by reference: that is a part of what it shows.
        """
        return self._outside() if self.wanted.app else []

    def _deploy(self, primary: AppCluster) -> None:
        objects, places = counted(len(self.manifests), "object"), ", ".join(self.namespaces)
        with self.steps.doing(f"deploying the application on the primary: {objects} in {places}"):
            primary.deploy(self.manifests, self.namespaces)
        with self.steps.doing("waiting until it runs there"):
            self._until_ready(primary)

    def _until_ready(self, cluster: AppCluster) -> tuple[Workload, ...]:
        def look() -> tuple[Workload, ...] | None:
            found = tuple(cluster.workloads(self.namespaces))
            return found if all(workload.all_ready for workload in found) else None

        late = "the application is not ready on the primary; look at its pods, or whether its images can be pulled"
        return wait_for(look, clock=self.clock, seconds=_READY_SECONDS, late=late)

    def _send(self, session: Session, up: Up) -> Arrival:
        """The deployment webhook, and how what it asked for arrives."""
        group = session.group(self.wanted.group)
        primary = group.site(PRIMARY_SITE)
        asked_at = self.clock.now()
        name = up.webhook(group.name, self.workspace.webhook_secret)
        self.steps.done("deployment webhook sent: signed as GitHub signs, answered 202")
        request = requests_at(session, primary).read(group.name, name)
        arrival = follow(session, group, request, _ARRIVE_SECONDS, self.steps)
        show(self.console, journey_table(arrival, asked_at))
        if not arrival.arrived:
            show(self.console, report_view(arrival.report) if arrival.report else None)
            raise StandbyError(arrival.failure or "the restore at the standby did not succeed in full")
        return arrival

    def _change(self, primary: AppCluster) -> None:
        released = self.clock.now().isoformat(timespec="seconds")
        made = changed(self.manifests, released, sample=not self.wanted.app)
        names = " and ".join(str(ObjectRef.of(manifest)) for manifest in made)
        with self.steps.doing(f"a new release on the primary: {names} changed"):
            primary.deploy(made, ())
            self._until_ready(primary)

    def _cut_off(self) -> None:
        """The primary's cluster and its store are gone from one moment to the next."""
        with self.steps.doing("cutting the primary off: connections to its cluster broken, its store taken away"):
            if self.forwarder is not None:
                self.forwarder.close()
            self.workspace.lose_store(PRIMARY_SITE)
        self.steps.done(f"the primary's cluster: {self._cluster_trouble()}")
        self.steps.done(f"the primary's store: {self._store_trouble()}")

    def _cluster_trouble(self) -> str:
        """Proof that the configuration's way to the primary is closed."""
        context = read_context(self.workspace.kubeconfig, "")
        trouble = refusal(*context.address)
        if trouble:
            return trouble
        raise StandbyError("the primary still answers through the forwarder, so the demo would prove nothing")

    def _store_trouble(self) -> str:
        try:
            open_store((self.workspace.store(PRIMARY_SITE) / "control").as_uri()).list("epochs/")
        except StandbyError as error:
            return str(error).partition(";")[0]
        raise StandbyError("the primary's store can still be read, so the demo would prove nothing")

    def _fail_over(self) -> bool:
        """The command that an operator would type."""
        words = ["failover", self.wanted.group, "--to", STANDBY_SITE, "--yes"]
        self.steps.act(f"$ kubestandby {' '.join(words)}")
        return run_command(words, self.workspace.config, self.console) == 0

    def _compare(
        self,
        session: Session,
        standby: AppCluster,
        expected: Sequence[Manifest],
        *,
        failed_over: bool,
        same_version: bool,
    ) -> Told:
        group = session.group(self.wanted.group)
        report = next(reports_at(group.site(STANDBY_SITE)).restores(group.name), None)
        if report is None:
            raise StandbyError("the failover left no report; see the log of `up`")
        with self.steps.doing("comparing every object with the primary's, field by field"):
            result = tuple(compared(expected, standby, same_version=same_version))
            workloads = tuple(standby.workloads(self.namespaces))
        show(self.console, ready_table(workloads), comparison_table(result))
        return Told(report=report, compared=result, workloads=workloads, failed_over=failed_over)

    def _remove_workspace(self) -> None:
        if self.wanted.keep:
            self.steps.done(f"kept: both clusters as they are, and {self.workspace.folder}")
        else:
            self.workspace.remove()


def _minor(identity: ClusterIdentity) -> tuple[str, ...]:
    return tuple(identity.version.split(".")[:2])


def _kubeconfig(access: ClusterAccess) -> Path:
    if access.kubeconfig is None:
        raise ConfigError("the demo needs a kubeconfig of each cluster: give --primary and --standby")
    return access.kubeconfig
