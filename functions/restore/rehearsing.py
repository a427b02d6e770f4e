"""Carries out a plan as a server-side dry run: would the standby take it? Writes nothing.

A dry run cannot see what it would make itself: an object in a namespace that does not exist yet cannot be tried, and
that is said.
"""

from collections.abc import Mapping
from concurrent.futures import Executor

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Cluster
from kubestandby.reports import Change, ObjectResult

from .plans import Identity, Plan, PlannedObject
from .references import needs
from .refusals import describe, explain, refuses_dry_run
from .sending import send


def rehearse(cluster: Cluster, pool: Executor, plan: Plan) -> Mapping[Identity, ObjectResult]:
    """The outcome that each object of the plan's waves would have.

    Raises:
        ClusterUnavailableError: the cluster cannot be reached any more.
    """
    planned = [item for wave in plan.waves for item in wave]
    missing = frozenset(item.identity for item in planned if item.change is Change.CREATED)
    answers = pool.map(lambda item: _rehearse_one(cluster, plan, item, missing), planned)
    return {item.identity: answer for item, answer in zip(planned, answers, strict=True)}


def _rehearse_one(cluster: Cluster, plan: Plan, item: PlannedObject, missing: frozenset[Identity]) -> ObjectResult:
    untried = _why_untried(plan, item)
    if untried:
        return item.result(reason=f"not rehearsed: {untried}")
    if item.change is Change.CONFIGURED:  # the plan has its dry run already
        return item.result(Change.FAILED, item.refused) if item.refused else item.result()
    try:
        send(cluster, item.desired, dry_run=True, force=item.force)
    except ClusterUnavailableError as error:
        cluster.identity()  # raises where the whole cluster is away
        return _refused(item, error, missing)
    except ClusterError as error:
        return _refused(item, error, missing)
    return item.result()


def _why_untried(plan: Plan, item: PlannedObject) -> str:
    namespace = item.desired.ref.namespace
    if namespace and namespace not in plan.namespaces:
        return f"its namespace {namespace} does not exist yet"
    if not item.desired.served:
        return "its definition is not applied yet"
    return item.reason if item.awaits_deletion else ""


def _refused(item: PlannedObject, error: ClusterError, missing: frozenset[Identity]) -> ObjectResult:
    if refuses_dry_run(error):
        return item.result(reason=f"not rehearsed: {describe(error)}")
    lacking = sorted(need for need in needs(item.desired.ref, item.desired.manifest) if need in missing)
    if lacking:
        _, kind, _, name = lacking[0]
        return item.result(reason=f"not rehearsed: it needs {kind} {name}, which does not exist yet")
    return item.result(Change.FAILED, explain(item.desired.ref, item.desired.manifest, error))
