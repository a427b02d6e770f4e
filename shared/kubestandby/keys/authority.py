"""Who may ask for what: the rules by which a signed request counts. Pure.

Operators may ask for everything. A function's key may ask for no more than what its function does by itself anyway, so
whoever holds it gains nothing by a request: exports, and what follows from them. A continuation asks for nothing new;
the request that it continues is looked at in its place.
"""

from kubestandby.keys.trust import KeyRole, TrustedKey
from kubestandby.layout import FUNCTION_OF, Action, Function
from kubestandby.requests import Request
from kubestandby.snapshots import SiteName

OPERATOR, TICK = "operator", "tick"
"""Origins: a person, and what makes a lost event good."""

ROLE_OF = {
    Function.EXPORT: KeyRole.EXPORT,
    Function.SANITIZE: KeyRole.SANITIZE,
    Function.RESTORE: KeyRole.RESTORE,
}
"""In which role a function signs."""

ASKING_ROLES = (KeyRole.OPERATOR, KeyRole.EXPORT, KeyRole.SANITIZE, KeyRole.RESTORE)

HARMLESS = (Action.EXPORT, Action.SANITIZE, Action.PLAN)
"""What the function that does it may ask for itself: it changes neither roles nor a standby."""


def asking_role(action: Action) -> KeyRole:
    """The role of the function that carries the action out."""
    return ROLE_OF[FUNCTION_OF[action]]


def objection(request: Request, key: TrustedKey, site: SiteName) -> str:
    """Why the key may not ask for this at the site; "" where it may."""
    if key.role is KeyRole.OPERATOR or (request.action is Action.EXPORT and key.role is KeyRole.EXPORT):
        return ""
    if key.site == site and (request.continues or _may_ask(request, key.role)):
        return ""
    needed = "" if request.action in HARMLESS else "; that needs the operator key"
    return f"{key.name} may not ask for {request.action} at {site}{needed}"


def is_syncing(request: Request) -> bool:
    """Whether a restore is asked for that only takes in what the standby would take in by itself."""
    bare = not (request.mode or request.to or request.accept_stale or request.prune_all or request.order)
    return request.action is Action.RESTORE and request.origin == TICK and request.snapshot is not None and bare


def _may_ask(request: Request, role: KeyRole) -> bool:
    if is_syncing(request):
        return role in (KeyRole.EXPORT, KeyRole.RESTORE)
    if request.action is Action.SANITIZE:
        return role in (KeyRole.EXPORT, KeyRole.SANITIZE)
    return request.action is Action.PLAN and role is KeyRole.RESTORE
