"""From an HTTP body to a request object in the control bucket of the site that is to do the work.

    {"action": "failover", "group": "shop", "to": "west"}

Only from whom `runtime.trust` trusts; strangers send webhooks. The answer comes before the work: the request object is
what counts, and its creation is the event that starts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubestandby.errors import BadInputError, FormatError, RoleError
from kubestandby.groups import ProtectionGroup, RestoreMode, Site
from kubestandby.keys import authority
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import FUNCTION_OF, Action, Function
from kubestandby.requests import Request
from kubestandby.runtime.context import Context
from kubestandby.snapshots import SnapshotId

_FIELDS = ("action", "group", "to", "snapshot", "mode", "origin")
_LONGEST = 253
_ORIGINS = ("operator", "timer")
TIMER = "timer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A body that was checked."""

    action: Action
    group: ProtectionGroup
    to: Site | None
    snapshot: SnapshotId | None
    mode: str
    origin: str


def read_call(body: Mapping[str, Any], function: Function, context: Context) -> Call:
    """Checks a body field by field.

    Raises:
        BadInputError: a field is unknown, missing or wrong; never echoes it.
    """
    if any(name not in _FIELDS for name in body):
        raise BadInputError(f"the body has a field that a request does not have; its fields are {', '.join(_FIELDS)}")
    texts = {name: _text(body, name) for name in _FIELDS}
    action = _action(texts["action"], function)
    group = context.group(texts["group"])
    if group is None:
        raise BadInputError("there is no group of that name in the configuration; `kubestandby status` lists them")
    return Call(
        action=action,
        group=group,
        to=_site(group, texts["to"]),
        snapshot=_snapshot(texts["snapshot"]),
        mode=_one_of("mode", texts["mode"], ("", *RestoreMode)),
        origin=_one_of("origin", texts["origin"] or _ORIGINS[0], _ORIGINS),
    )


def submit(call: Call, context: Context, *, is_local: bool) -> tuple[Site, Request] | None:
    """Writes the request where the work is to be done. None: a timer's, and another site's timer sees to it.

    What a function may ask for itself it signs itself. The rest is the operator's: it is signed with the operator's key
    if that is on this machine, and if the call comes from this machine (`is_local`).

    Raises:
        BadInputError: a failover that does not say where to.
        RoleError: an export is asked of a site that is not the primary, or the operator's key is needed.
        StoreError: the request cannot be written.
    """
    site = _site_of_work(call, context)
    if call.origin == TIMER and site not in context.served_sites(call.group):
        return None
    by = authority.asking_role(call.action) if call.action in authority.HARMLESS else KeyRole.OPERATOR
    if by is KeyRole.OPERATOR:
        _check_operator(call, context, site, is_local=is_local)
    after = context.roles(call.group, allow_rivals=True) if call.action is Action.FAILOVER else None
    request = context.requests(site).submit(
        call.group.name,
        call.action,
        origin=call.origin,
        by=by,
        snapshot=call.snapshot,
        to=call.to.name if call.to else None,
        mode=call.mode,
        after_epoch=after.epoch.number if after else 0,
        after_sha256=after.sha256 if after else "",
    )
    return site, request


def _check_operator(call: Call, context: Context, site: Site, *, is_local: bool) -> None:
    """Makes sure that the operator's key may be used for the call.

    Raises:
        RoleError: it may not, or is not here.
    """
    if not is_local:
        raise RoleError(
            f"a {call.action} needs the operator's signature, which a call from elsewhere does not have;"
            f" run `kubestandby {call.action} {call.group.name}` where the operator's key is"
        )
    if not context.keyring(site).holds(KeyRole.OPERATOR):
        raise RoleError(
            f"a {call.action} needs the operator's signature, and there is no trusted operator key on this machine;"
            f" run `kubestandby {call.action} {call.group.name}` where it is"
        )


def _site_of_work(call: Call, context: Context) -> Site:
    """Exports and what follows from them are the primary's, restores the other site's, unless `to` says where."""
    if call.action is Action.FAILOVER:
        if call.to is None:
            raise BadInputError("a failover says where to: give the site as `to`")
        return call.to
    primary = call.group.site(context.roles(call.group).epoch.primary)
    if call.action in (Action.EXPORT, Action.SANITIZE):
        if call.to not in (None, primary):
            raise RoleError(
                f"group {call.group.name}: {primary.name} is primary, so only it can be asked to {call.action};"
                " leave `to` out"
            )
        return primary
    return call.to or call.group.other_site(primary.name)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise BadInputError(f"{name} is not a short text; send one of at most {_LONGEST} characters")
    return value


def _action(text: str, function: Function) -> Action:
    # An import brings manifests along, which are no part of a call: the command line asks for it.
    known = [action for action in Action if FUNCTION_OF[action] is function and action is not Action.IMPORT]
    if text not in known:
        raise BadInputError(f"this function knows the actions {', '.join(known)}; send one of them")
    return Action(text)


def _site(group: ProtectionGroup, name: str) -> Site | None:
    if not name:
        return None
    site = next((site for site in group.sites if site.name == name), None)
    if site is None:
        raise BadInputError(f"`to` is no site of the group; its sites are {', '.join(s.name for s in group.sites)}")
    return site


def _snapshot(text: str) -> SnapshotId | None:
    try:
        return SnapshotId.parse(text) if text else None
    except FormatError:
        raise BadInputError("snapshot is not a snapshot's number; send EPOCH-GENERATION, such as 1-7") from None


def _one_of(name: str, text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise BadInputError(f"{name} is none of {', '.join(choice for choice in choices if choice)}; send one of them")
    return text
