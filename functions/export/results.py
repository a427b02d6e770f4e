"""From what a snapshot came to, to the words and figures of the outcome."""

from kubestandby.requests import Verdict
from kubestandby.runtime.work import Result

from .committing import ExportResult

_SHOWN_FAILURES = 3


def result_of(exported: ExportResult, seconds: float) -> Result:
    """The outcome of an export, with its figures."""
    index = exported.index
    details = {
        "objects": len(index.entries),
        "images": len(index.images),
        "bytes": index.archive_size,
        "failures": list(index.failures)[:50],
        "seconds": seconds,
    }
    if not index.complete:
        message = f"snapshot {index.id} is incomplete: {_first_failures(index.failures)}"
        return Result(verdict=Verdict.INCOMPLETE, message=message, snapshot=index.id, details=details)
    if not exported.created:
        message = f"the state is still that of snapshot {index.id}"
        return Result(verdict=Verdict.UNCHANGED, message=message, snapshot=index.id, details=details)
    message = f"snapshot {index.id} holds {len(index.entries)} objects"
    return Result(verdict=Verdict.DONE, message=message, snapshot=index.id, details=details)


def _first_failures(failures: tuple[str, ...]) -> str:
    """What could not be read, as far as it fits into a sentence."""
    shown = "; ".join(failures[:_SHOWN_FAILURES])
    more = len(failures) - _SHOWN_FAILURES
    return f"{shown}; and {more} more, which `kubestandby show --stage raw` lists" if more > 0 else shown
