"""What a request to import means: the primary is asked what it can tell, and the payload becomes a raw snapshot."""

import logging
from dataclasses import replace
from time import monotonic

from kubestandby.errors import BadInputError, ClusterError, ConfigError
from kubestandby.groups import Site
from kubestandby.import_payload import open_payload
from kubestandby.requests import Verdict
from kubestandby.runtime.context import Context
from kubestandby.runtime.logs import error_facts
from kubestandby.runtime.work import RequestedWork, Result

from .import_survey import UnusableFilesError
from .importer import UNASKED, Importer, ImportResult, Primary
from .results import result_of

_LOG = logging.getLogger(__name__)


def carry_out_import(context: Context, work: RequestedWork, epoch: int) -> Result:
    """Imports into the data bucket of the request's site, which is primary in this epoch.

    Raises:
        BadInputError: the request brings nothing along.
        StandbyError: the payload, the configuration or the bucket does not allow it; the message says which.
    """
    started, order = monotonic(), work.request.order
    if order is None:
        raise BadInputError(f"request {work.request.name} brings no manifests along; use `kubestandby import`")
    control, snapshots = context.store(work.site.control), context.snapshots(work.site)
    unwrappers = snapshots.keyring.source.unwrappers(work.site.name)
    with open_payload(control, work.group.name, order, unwrappers) as payload:
        importer = Importer(snapshots, context.clock, _primary(context, work.site))
        try:
            imported = importer.take(work.group, work.site.name, epoch, order=order, payload=payload)
        except UnusableFilesError as error:
            return Result(verdict=Verdict.FAILED, message=str(error), details={"problems": list(error.problems)})
    return _result(imported, round(monotonic() - started, 3))


def _primary(context: Context, site: Site) -> Primary:
    """What the primary's cluster tells; nothing where it cannot be asked: files can be imported when it is lost."""
    try:
        cluster = context.cluster(site)
        return Primary(cluster.identity(), cluster.discover())
    except (ClusterError, ConfigError) as error:
        _LOG.warning("primary_not_asked", extra=error_facts(error))
        return UNASKED


def _result(imported: ImportResult, seconds: float) -> Result:
    exported = imported.exported
    result = result_of(exported, seconds)
    if result.verdict is Verdict.UNCHANGED:
        result = replace(result, message=f"snapshot {exported.index.id} says the same already")
    left_out = {count.rule: count.count for count in exported.index.dropped}
    told = {"added_namespaces": list(imported.added_namespaces), "not_in_files": list(imported.absent)}
    return replace(result, details={**result.details, "left_out": left_out, **told})
