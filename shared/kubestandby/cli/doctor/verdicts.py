"""What is said of what was found at a site. Pure: facts in, checks out.

Nothing that was not looked at is ever called right: it is `not checked`, with what would check it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kubestandby.adapters.key_checking import SOON, Finding
from kubestandby.cli.site_status import StageStatus
from kubestandby.cli.status_problems import PATIENCE
from kubestandby.cli.wording import age, counted, duration
from kubestandby.ports import Discovery
from kubestandby.privileges import Right
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.rights.grants import Duty

SKEW_WARNED, SKEW_FAILED = timedelta(seconds=30), timedelta(minutes=5)
"""Clocks that differ by less say nothing; by the second, OCI refuses signed calls, and tokens have not begun."""

_SHOWN = 3


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, or was not, and what to do about it ("" where there is nothing to do)."""

    subject: str
    level: Level
    found: str
    next_step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """What became of an object that was created, read back, created again and deleted.

    Attributes:
        unreached: why the bucket could not be listed, "" where it could.
        refused: why the object could not be created.
        unread: why it could not be read back as it was written.
        second: why a second create of the same key was refused; "" where it was not.
        taken: whether the second create was refused because the key is taken, as it has to be.
        kept: why the object could not be deleted again.
        is_ours: whether the functions write with the same credentials as this machine.
    """

    unreached: str = ""
    refused: str = ""
    unread: str = ""
    second: str = ""
    taken: bool = False
    kept: str = ""
    is_ours: bool = True


def succeeded(checks: Iterable[Check]) -> bool:
    """Whether none of them failed."""
    return all(check.level is not Level.FAILED for check in checks)


def on_key(site: str, finding: Finding) -> Check:
    """A key, as `keys check` finds it; one that is not on this machine nobody has looked at."""
    if finding.is_here or finding.problem or finding.warning:
        level = Level.FAILED if finding.problem else Level.WARNING if finding.warning else Level.OK
        return Check(finding.name, level, finding.found, finding.problem or finding.warning)
    where = f"`kubestandby keys check` where it is: on the machine of {site}, or of the operator"
    return Check(finding.name, Level.NOT_CHECKED, finding.found, where)


def on_expiries(expiries: Iterable[tuple[str, datetime]], now: datetime) -> Iterator[Check]:
    """What the trust file says of when keys run out, where the keys themselves are not here."""
    soonest = sorted(expiries, key=lambda one: one[1])
    for name, until in soonest:
        if now + SOON >= until:
            level = Level.FAILED if now >= until else Level.WARNING
            yield Check(name, level, f"good until {until:%Y-%m-%d}", "renew it with `kubestandby keys rotate`")
    if soonest and now + SOON < soonest[0][1]:
        yield Check("keys in the trust file", Level.OK, f"all good until {soonest[0][1]:%Y-%m-%d}")


def on_bucket(name: str, canary: Canary) -> Iterator[Check]:
    """A bucket: whether it is there, and whether what exists is safe from a second writer."""
    subject, writes = f"{name}: reachable", f"{name}: create-only"
    if canary.unreached:
        yield Check(subject, Level.FAILED, canary.unreached, "mend this first: most of what follows needs the bucket")
        yield Check(writes, Level.NOT_CHECKED, "the bucket cannot be reached", "run this again then")
        return
    yield Check(subject, Level.OK, "listed")
    yield _on_writes(writes, canary)


def _on_writes(subject: str, canary: Canary) -> Check:
    if canary.refused and not canary.is_ours:
        step = "let this machine create objects under doctor/ in it, or see that a second PUT of a key is answered 412"
        return Check(subject, Level.NOT_CHECKED, f"the canary could not be created: {canary.refused}", step)
    if canary.refused:
        return Check(subject, Level.FAILED, canary.refused, "let the site's identity create objects in it")
    if canary.unread:
        return Check(subject, Level.FAILED, canary.unread, "let the site's identity read objects in it")
    if not canary.second:
        found = "a second writer could replace an object that exists"
        step = "do not use this store: it ignores `If-None-Match: *`; take a version or a service that honours it"
        return Check(subject, Level.FAILED, found, step)
    if not canary.taken:
        step = "find out why from the store's own log, and run this again"
        return Check(
            subject, Level.FAILED, f"a second create failed, but not as a key that is taken: {canary.second}", step
        )
    left = " (the canary may not be deleted, and stays under doctor/; nothing reads it)" if canary.kept else ""
    return Check(subject, Level.OK, f"created, read back, a second create refused{left}")


def on_clock(ours: datetime, theirs: datetime | None) -> Check:
    """This machine's clock against the API server's."""
    subject = "clock"
    if theirs is None:
        step = "compare `date -u` here with `kubectl get --raw /version -v 8`, which shows the server's Date header"
        return Check(subject, Level.NOT_CHECKED, "the API server does not say what time it is", step)
    skew = abs(ours - theirs)
    if skew < SKEW_WARNED:
        return Check(subject, Level.OK, "as the API server's, to some seconds")
    level = Level.FAILED if skew >= SKEW_FAILED else Level.WARNING
    found = f"{duration(skew.total_seconds())} {'before' if ours > theirs else 'behind'} the API server's"
    return Check(subject, level, found, "set both by NTP: freshness and signatures of calls go by them")


def on_api_groups(discovery: Discovery, ignored: Sequence[str], *, is_primary: bool) -> Iterator[Check]:
    """API groups that do not answer: an export without them is not complete."""
    if not discovery.failures:
        yield Check("API groups", Level.OK, f"all answer: {counted(len(discovery.types), 'type')}")
    for name, why in sorted(discovery.failures.items()):
        step = "mend the server behind the APIService, or delete it; spec.ignoreGroups leaves the group out"
        if name.partition("/")[0] in ignored:
            yield Check(f"API group {name}", Level.OK, f"does not answer ({why}); spec.ignoreGroups leaves it out")
        elif is_primary:
            yield Check(f"API group {name}", Level.FAILED, f"does not answer, so snapshots are incomplete: {why}", step)
        else:
            yield Check(f"API group {name}", Level.WARNING, f"does not answer: {why}", step)


def on_rights(group: str, duty: Duty, who: str, missing: Sequence[Right], *, is_due: bool, mend: str) -> Check:
    """Rights on the cluster for one function; `is_due`: the site's role has it at work now."""
    subject = f"{group}: rights to {duty}"
    if not missing:
        return Check(subject, Level.OK, f"{who} has all of them")
    named = ", ".join(map(str, missing[:_SHOWN]))
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    then = "" if is_due else "; needed once the roles change"
    level = Level.FAILED if is_due else Level.WARNING
    return Check(subject, level, f"{who} may not {named}{more}{then}", mend)


def on_classes(group: str, kind: str, named: Mapping[str, str], there: Iterable[str]) -> Iterator[Check]:
    """Classes that a snapshot or a transform names (by whom, "" for a transform alone) against those at the site."""
    lacking = sorted(set(named) - set(there))
    word = "storage class" if kind == "StorageClass" else "ingress class"
    subject = f"{group}: {word}es"
    if not lacking:
        yield Check(subject, Level.OK, f"{counted(len(named), word)} named, all there" if named else "none is named")
    for name in lacking:
        level = Level.FAILED if named[name] else Level.WARNING
        by = named[name] or "a transform alone"
        step = f"make the {kind} {name} there, or map it with a transform (docs/transforms.md)"
        yield Check(f"{group}: {word} {name}", level, f"is not on the cluster, and is named by {by}", step)


def on_snapshot(group: str, role: str, newest: StageStatus | None, others: bool, now: datetime) -> Check:
    """The newest complete snapshot at the site; `others`: whether the other site has one."""
    subject = f"{group}: newest snapshot"
    if newest is None and role == "standby" and others:
        step = "see what became of it: `kubestandby status`, and sanitize's log at the primary"
        return Check(subject, Level.FAILED, "the primary has one and none has arrived here", step)
    if newest is None:
        return Check(subject, Level.WARNING, "there is none yet", f"take one: `kubestandby export {group}`")
    proven = f"{newest.id} ({newest.stage}), its state proven {age(newest.proven_at, now)} ago"
    if now > newest.fresh_until:
        step = f"see why no export and no heartbeat came since: `kubestandby export {group}`"
        return Check(subject, Level.FAILED, f"{proven}: not fresh any more", step)
    return Check(subject, Level.OK, f"{proven}; fresh until {newest.fresh_until:%Y-%m-%d %H:%M}Z")


def on_requests(group: str, pending: Sequence[Request], exported: Outcome | None, now: datetime) -> Check:
    """Requests without an outcome: functions, or the events that wake them, are not at work."""
    subject = f"{group}: requests are carried out"
    late = [request for request in pending if now - request.requested_at > PATIENCE]
    if late:
        found = f"{late[0].name} has waited {age(late[0].requested_at, now)} for its outcome"
        more = f", and {len(late) - 1} more" if len(late) > 1 else ""
        step = "see that the functions run and that events reach them; their logs name the request"
        return Check(subject, Level.FAILED, found + more, step)
    if exported is None:
        step = f"`kubestandby export {group}` when this site is primary: it has an outcome within a minute"
        return Check(subject, Level.NOT_CHECKED, "no export was ever asked for here", step)
    if exported.verdict in (Verdict.DONE, Verdict.UNCHANGED):
        return Check(subject, Level.OK, f"the last export is {exported.verdict}; {len(pending)} under way")
    return Check(
        subject,
        Level.WARNING,
        f"the last export is {exported.verdict}: {exported.message}",
        "mend what it names, and export again",
    )
