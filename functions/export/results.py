"""From what a snapshot came to, to the words and figures of the outcome."""

from typing import Any

from kubestandby.requests import Verdict
from kubestandby.runtime.work import Result
from kubestandby.snapshots import SnapshotIndex

from .committing import ExportResult

_SHOWN_FAILURES = 3
_MOST_DETAILS = 50

_WAY_OUT = "mend that and export again, or name in spec.ignoreGroups an API group that the application can do without"


def result_of(exported: ExportResult, seconds: float) -> Result:
    """The outcome of an export, with its figures."""
    index = exported.index
    details: dict[str, Any] = {
        "objects": len(index.entries),
        "images": len(index.images),
        "bytes": index.archive_size,
        "failures": list(index.failures)[:_MOST_DETAILS],
        "seconds": seconds,
    }
    if versions := _versions(exported):
        details["versions"] = versions
    if index.likely_secrets:
        details["likely_secrets"] = [str(one) for one in index.likely_secrets[:_MOST_DETAILS]]
    if not index.complete:
        message = f"snapshot {index.id} is incomplete: {_first_failures(index)}; {_WAY_OUT}"
        return Result(verdict=Verdict.INCOMPLETE, message=message, snapshot=index.id, details=details)
    if not exported.created:
        message = f"the state is still that of snapshot {index.id}"
        return Result(verdict=Verdict.UNCHANGED, message=message, snapshot=index.id, details=details)
    message = f"snapshot {index.id} holds {len(index.entries)} objects{_in_clear(index)}"
    return Result(verdict=Verdict.DONE, message=message, snapshot=index.id, details=details)


def _versions(exported: ExportResult) -> list[dict[str, str]]:
    """Kinds of objects that are not in the version that the primary prefers, with the one that both sites serve."""
    listed = {summary.gvk: summary.count for summary in exported.index.types}
    chosen = sorted(type_.gvk for type_ in exported.chosen if listed.get(type_.gvk))
    return [{"apiVersion": gvk.api_version, "kind": gvk.kind} for gvk in chosen[:_MOST_DETAILS]]


def _in_clear(index: SnapshotIndex) -> str:
    count = len(index.likely_secrets)
    if not count:
        return ""
    what = "1 value looks like a secret and is" if count == 1 else f"{count} values look like secrets and are"
    return f"; {what} in clear, `kubestandby show {index.group}` names the fields"


def _first_failures(index: SnapshotIndex) -> str:
    """What could not be read, as far as it fits into a sentence."""
    shown = "; ".join(index.failures[:_SHOWN_FAILURES])
    more = len(index.failures) - _SHOWN_FAILURES
    lists = f"`kubestandby show {index.group} {index.id} --stage raw` lists"
    return f"{shown}; and {more} more, which {lists}" if more > 0 else shown
