"""Looks at one site live. Reads, and writes nothing but a canary into each bucket (`canary`)."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from kubestandby.adapters.key_checking import check_keys
from kubestandby.adapters.key_folder import KeyFolder
from kubestandby.adapters.stores import open_store
from kubestandby.cli.doctor.canary import try_bucket
from kubestandby.cli.doctor.cluster_look import ClusterLook
from kubestandby.cli.doctor.oci_checks import oci_checks
from kubestandby.cli.doctor.verdicts import (
    Check,
    Level,
    on_bucket,
    on_expiries,
    on_key,
    on_requests,
    on_snapshot,
)
from kubestandby.cli.reading import attempt
from kubestandby.cli.session import Session, keyring_at, roles_of
from kubestandby.cli.site_status import SiteStatus
from kubestandby.cli.status_problems import failures
from kubestandby.cli.status_view import GroupStatus, group_status
from kubestandby.cli.wording import counted
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.rights.grants import Duty
from kubestandby.snapshots import SiteName, Stage

_AFTER = "mend what is above, and run this again"


def look_at(session: Session, name: SiteName, groups: Sequence[ProtectionGroup]) -> list[Check]:
    """Everything that can be known of the site from here, for these groups."""
    checks = [Check("configuration", Level.OK, f"{session.config}: {counted(len(groups), 'group')} at {name}")]
    checks += _keys(session, groups, name)
    buckets = list(_buckets(groups, name))
    checks += buckets
    is_reached = all(check.level is not Level.FAILED for check in buckets if check.subject.endswith(": reachable"))
    standings = {group.name: _standing(session, group, is_reached=is_reached) for group in groups}
    clusters: dict[Any, ClusterLook] = {}
    for group in groups:
        site, standing = group.site(name), standings[group.name]
        role = _site_status(standing, name).role if standing else _configured_role(group, name)
        look = clusters.get(site.cluster)
        if look is None:
            look = clusters[site.cluster] = ClusterLook(session, site)
            checks += look.cluster_checks(group, role)
        checks += look.group_checks(group, role, is_reached=is_reached)
        checks += _state(session, group, name, standing)
    checks += oci_checks(groups[0].site(name))
    return checks


def _keys(session: Session, groups: Sequence[ProtectionGroup], name: SiteName) -> Iterator[Check]:
    now = session.clock.now()
    for path in sorted({group.site(name).keys for group in groups}):
        site = next(group.site(name) for group in groups if group.site(name).keys == path)
        folder = KeyFolder(path)
        if folder.exists():
            found = attempt(partial(check_keys, folder, (name,), now))
            yield from (on_key(name, finding) for finding in found.value or ())
        else:
            trust = attempt(partial(_trust_of, site))
            yield from on_expiries(trust.value.expiries(), now) if trust.value else ()
            found = trust
        if found.unreachable:
            yield Check("keys", Level.FAILED, found.unreachable, "`kubestandby keys check` says more")
        if site.vault is not None:
            step = "kubestandby keys check --vaults"
            yield Check(f"keys in the vault of {name}", Level.NOT_CHECKED, "secrets are the functions' own", step)


def _trust_of(site: Site) -> Any:
    return keyring_at(site).trust


def _buckets(groups: Sequence[ProtectionGroup], name: SiteName) -> Iterator[Check]:
    """Every bucket that the site's functions write into: its own, and the other site's."""
    for url, title in _bucket_names(groups, name).items():
        opened = attempt(partial(open_store, url))
        if opened.value is None:
            yield Check(f"{title}: reachable", Level.FAILED, opened.unreachable, "correct it in the configuration")
            continue
        yield from on_bucket(title, try_bucket(opened.value, name, is_ours=not url.startswith("oci://")))


def _bucket_names(groups: Sequence[ProtectionGroup], name: SiteName) -> dict[str, str]:
    sites = [site for group in groups for site in (group.site(name), group.other_site(name))]
    found: dict[str, str] = {}
    for site in sites:
        found.setdefault(site.data, f"data bucket of {site.name}")
        found.setdefault(site.control, f"control bucket of {site.name}")
    return found


def _standing(session: Session, group: ProtectionGroup, *, is_reached: bool) -> GroupStatus | None:
    """How the group stands; None where a bucket is out of reach: what it says would be half of it."""
    return attempt(lambda: group_status(session, group)).value if is_reached else None


def _configured_role(group: ProtectionGroup, name: SiteName) -> str:
    return "primary" if group.primary == name else "standby"


def _site_status(standing: GroupStatus, name: SiteName) -> SiteStatus:
    return next(site for site in standing.sites if site.name == name)


def _state(session: Session, group: ProtectionGroup, name: SiteName, standing: GroupStatus | None) -> Iterator[Check]:
    if standing is None:
        for what in ("roles", "newest snapshot", "requests are carried out"):
            yield Check(f"{group.name}: {what}", Level.NOT_CHECKED, "a bucket cannot be read", _AFTER)
        return
    site, now = _site_status(standing, name), session.clock.now()
    yield _roles(group, lambda: f"epoch {roles_of(group).epoch.number}: {name} is {site.role}")
    stage, other_stage = (Stage.RAW, Stage.SANITIZED) if site.role == "primary" else (Stage.SANITIZED, Stage.RAW)
    others = any(one.stage(other_stage) for one in standing.sites if one.name != name)
    yield on_snapshot(group.name, site.role, site.stage(stage), others, now)
    yield on_requests(group.name, site.pending, site.exported, now)
    for sentence in site.damaged:
        yield Check(f"{group.name}: records", Level.WARNING, sentence, f"`kubestandby verify {group.name}` says more")
    for sentence in failures(site, standing.sites):
        yield Check(f"{group.name}: last work", Level.FAILED, sentence, "mend that; a tick has it done again")
    if site.lacking:
        duty = Duty.EXPORT if site.role == "primary" else Duty.RESTORE
        step = f"apply what `kubestandby rbac --site {name} --role {duty}` prints"
        yield Check(f"{group.name}: last work", Level.FAILED, site.lacking.message, step)


def _roles(group: ProtectionGroup, read: Callable[[], str]) -> Check:
    found = attempt(read)
    if found.value is None:
        step = f"decide with `kubestandby failover {group.name}`"
        return Check(f"{group.name}: roles", Level.FAILED, found.unreachable, step)
    return Check(f"{group.name}: roles", Level.OK, found.value)
