"""What `--output json` prints. The names here are a promise to programs: fields are added, never renamed. Pure."""

from datetime import datetime
from typing import Any

from kubestandby.cli.arrival import Arrival
from kubestandby.cli.site_status import SiteStatus, StageStatus
from kubestandby.cli.snapshot_view import SnapshotOverview, SnapshotRow
from kubestandby.cli.status_view import GroupStatus
from kubestandby.reports import Change, ObjectResult, RestoreReport, WorkloadStatus
from kubestandby.requests import Outcome, Request
from kubestandby.resources import ObjectRef
from kubestandby.snapshots import ManifestEntry, SnapshotIndex, Stage, TransformedObject, TypeSummary

Json = dict[str, Any]


def moment_json(when: datetime | None) -> str | None:
    """RFC 3339 in UTC with a Z."""
    return None if when is None else when.isoformat().replace("+00:00", "Z")


def ref_json(ref: ObjectRef) -> Json:
    """An object's reference, in the words of the Kubernetes API."""
    return {"apiVersion": ref.gvk.api_version, "kind": ref.gvk.kind, "namespace": ref.namespace, "name": ref.name}


def overview_json(overview: SnapshotOverview) -> Json:
    """`snapshots`."""
    newest = overview.newest_complete
    return {
        "group": overview.group,
        "newestComplete": str(newest) if newest else None,
        "total": overview.total,
        "snapshots": [_row_json(row) for row in overview.rows],
        "unreachable": [{"site": site, "reason": reason} for site, reason in overview.unreachable],
    }


def _row_json(row: SnapshotRow) -> Json:
    figures = row.figures
    return {
        "id": str(row.id),
        "takenAt": moment_json(figures.taken_at) if figures else None,
        "objects": figures.objects if figures else None,
        "archiveBytes": figures.archive_size if figures else None,
        "complete": row.complete,
        "failures": list(figures.failures) if figures else [],
        **{str(stage): [held.site for held in row.at(stage) if not held.damage] for stage in Stage},
        "applied": [{"site": mark.site, "mode": mark.mode} for mark in row.applied],
        "damaged": [
            {"site": held.site, "stage": held.stage, "reason": held.damage} for held in row.held if held.damage
        ],
    }


def index_json(index: SnapshotIndex) -> Json:
    """`show`."""
    return {
        "group": index.group,
        "id": str(index.id),
        "stage": index.stage,
        "complete": index.complete,
        "takenAt": moment_json(index.taken_at),
        "freshUntil": moment_json(index.fresh_until),
        "source": {"site": index.source_site, "cluster": index.source_cluster, "serverVersion": index.server_version},
        "importedFrom": list(index.imported_from),
        "toolVersion": index.tool_version,
        "formatVersion": index.format_version,
        "previous": index.previous,
        "namespaces": list(index.namespaces),
        "archive": {"sha256": index.archive_sha256, "bytes": index.archive_size},
        "contentSha256": index.content_sha256,
        "failures": list(index.failures),
        "types": [_type_json(one) for one in index.types],
        "likelySecrets": [
            {"object": one.object, "field": one.field, "reason": one.reason} for one in index.likely_secrets
        ],
        "images": [{"reference": image.reference, "usedBy": list(image.used_by)} for image in index.images],
        "dropped": {rule.rule: rule.count for rule in index.dropped},
        "rules": {rule.rule: rule.count for rule in index.rules},
        "configSha256": index.config_sha256,
        "transforms": {use.transform: [_transformed_json(one) for one in use.objects] for use in index.transforms},
        "entries": [_entry_json(entry) for entry in index.entries],
    }


def _type_json(one: TypeSummary) -> Json:
    return {
        "apiVersion": one.gvk.api_version,
        "kind": one.gvk.kind,
        "plural": one.plural,
        "count": one.count,
        "resourceVersion": one.resource_version,
        "incomplete": one.incomplete,
    }


def _transformed_json(one: TransformedObject) -> Json:
    return {"object": one.object, "fields": list(one.fields), "leftOut": one.left_out}


def _entry_json(entry: ManifestEntry) -> Json:
    return {
        **ref_json(entry.ref),
        "path": entry.path,
        "sha256": entry.sha256,
        "bytes": entry.size,
        "sealed": entry.sealed,
    }


def report_json(report: RestoreReport) -> Json:
    """A restore's or a plan's report."""
    return {
        "group": report.group,
        "snapshot": str(report.snapshot),
        "purpose": report.purpose,
        "mode": report.mode,
        "site": report.site,
        "cluster": report.target_cluster,
        "request": report.request,
        "requestedAt": moment_json(report.requested_at),
        "startedAt": moment_json(report.started_at),
        "finishedAt": moment_json(report.finished_at),
        "succeeded": report.succeeded,
        "rpoSeconds": report.rpo_seconds,
        "rtoSeconds": report.rto_seconds,
        "phaseSeconds": dict(report.phases),
        "counts": {str(change): report.count(change) for change in Change},
        "objects": [_result_json(result) for result in report.results],
        "workloads": [_workload_json(status) for status in report.workloads],
        "restarted": [ref_json(ref) for ref in report.restarted],
        "heldDeletions": report.held_deletions,
        "images": list(report.images),
    }


def _result_json(result: ObjectResult) -> Json:
    return {
        **ref_json(result.ref),
        "change": result.change,
        "reason": result.reason,
        "fields": [{"path": diff.path, "live": diff.live, "desired": diff.desired} for diff in result.diffs],
        "drift": [{"path": one.path, "live": one.live, "manager": one.manager} for one in result.drift],
    }


def _workload_json(status: WorkloadStatus) -> Json:
    return {
        **ref_json(status.ref),
        "status": status.readiness,
        "message": status.message,
        "stalled": status.stalled,
    }


def asked_json(outcome: Outcome, report: RestoreReport | None) -> Json:
    """`restore`, `plan`, `failover`: what came of the request, with the report where there is one."""
    return {**outcome_json(outcome), "report": report_json(report) if report else None}


def outcome_json(outcome: Outcome) -> Json:
    """`export`: what came of the request."""
    return {
        "group": outcome.group,
        "request": outcome.request,
        "verdict": outcome.verdict,
        "message": outcome.message,
        "finishedAt": moment_json(outcome.finished_at),
        "snapshot": str(outcome.snapshot) if outcome.snapshot else None,
        "details": dict(outcome.details),
    }


def status_json(statuses: list[GroupStatus]) -> Json:
    """`status`."""
    return {"groups": [_group_json(status) for status in statuses]}


def _group_json(status: GroupStatus) -> Json:
    return {
        "group": status.epoch.group,
        "epoch": status.epoch.number,
        "primary": status.epoch.primary,
        "since": moment_json(status.epoch.since) if status.epoch.request else None,
        "mode": status.mode,
        "namespaces": list(status.namespaces),
        "sites": [_site_json(site) for site in status.sites],
        "problems": list(status.problems),
    }


def _site_json(site: SiteStatus) -> Json:
    report = site.report
    return {
        "name": site.name,
        "role": site.role,
        "unreachable": list(site.unreachable),
        **{str(stage): _stage_json(site.stage(stage)) for stage in Stage},
        "applied": {"snapshot": str(site.applied.snapshot), "mode": site.applied.mode} if site.applied else None,
        "lastRestore": {key: value for key, value in report_json(report).items() if key not in ("objects", "images")}
        if report
        else None,
        "lastExport": outcome_json(site.exported) if site.exported else None,
        "needsPrivilege": dict(site.lacking.needs_privilege) if site.lacking else None,
        "pending": [_request_json(request) for request in site.pending],
        "damaged": list(site.damaged),
    }


def _stage_json(stage: StageStatus | None) -> Json | None:
    if stage is None:
        return None
    return {
        "id": str(stage.id),
        "takenAt": moment_json(stage.taken_at),
        "provenAt": moment_json(stage.proven_at),
        "freshUntil": moment_json(stage.fresh_until),
        "objects": stage.objects,
    }


def _request_json(request: Request) -> Json:
    return {
        "name": request.name,
        "action": request.action,
        "origin": request.origin,
        "requestedAt": moment_json(request.requested_at),
    }


def arrival_json(arrival: Arrival) -> Json:
    """`run`."""
    return {
        "arrived": arrival.arrived,
        "failure": arrival.failure,
        "needsPrivilege": dict(arrival.needs_privilege) or None,
        "snapshot": str(arrival.snapshot) if arrival.snapshot else None,
        "export": outcome_json(arrival.exported) if arrival.exported else None,
        "complete": arrival.raw.complete if arrival.raw else None,
        "sanitized": arrival.sanitized is not None,
        "seenAt": {what: moment_json(when) for what, when in arrival.seen_at.items()},
        "report": report_json(arrival.report) if arrival.report else None,
    }
