"""In which versions a site's cluster serves each kind, told to the other site: exports there are in those.

Only the server that an object is on can convert it, so it has to be listed in a version that the standby serves too;
and whoever lists cannot ask the standby, which may be out of reach just then. So each site tells the other, in a record
in the other's control bucket: one for each time that what it serves has changed, named by the moment. Records are
signed by the export function of the site that tells; what is not counts as not there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from kubestandby import layout
from kubestandby.control_records import (
    Doubt,
    Place,
    RecordKind,
    believed,
    log_doubt,
    read_record,
    sign_record,
    stored_record,
)
from kubestandby.creation import create_object
from kubestandby.errors import UntrustedRecordError
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.ports import Discovery, ObjectStore
from kubestandby.snapshots import GroupName, SiteName

MAX_SERVED_BYTES = 1 << 20
"""Ten thousand kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedVersions:
    """What the cluster of a site serves.

    Attributes:
        kinds: `Deployment.apps`, `Service` of the core group, to all served versions, sorted.
    """

    group: GroupName
    site: SiteName
    kinds: Mapping[str, tuple[str, ...]]

    def of(self, group_kind: tuple[str, str]) -> tuple[str, ...]:
        """The versions of this (API group, kind); none where it is not served, or nobody could tell."""
        return self.kinds.get(_name(group_kind), ())


def served_versions(
    group: GroupName, site: SiteName, discovery: Discovery, before: ServedVersions | None
) -> ServedVersions:
    """What discovery has found. Of an API group that could not be read, what was known before holds on.

    So it does of a kind that is gone: a server that has just started shows custom kinds a moment later, and in which
    version a kind is exported that the standby does not serve at all is of no account.
    """
    found = {_name(kind): tuple(sorted(versions)) for kind, versions in discovery.served.items()}
    silent = {name.partition("/")[0] for name in discovery.failures}
    known = before.kinds if before else {}
    kept = {name: versions for name, versions in known.items() if (name.partition(".")[2] or "core") in silent}
    return ServedVersions(group=group, site=site, kinds={**known, **found, **kept})


class ServedRecords:
    """What was told to one site. Holds no state: every answer is read from its control bucket."""

    def __init__(self, control: ObjectStore, keyring: Keyring, told: SiteName, doubt: Doubt = log_doubt) -> None:
        """`told`: whose control bucket it is."""
        self._control = control
        self._keyring = keyring
        self._told = told
        self._doubt = doubt

    def newest(self, group: GroupName, site: SiteName) -> ServedVersions | None:
        """What this other site has told last, None where it has told nothing that counts.

        Raises:
            StoreError: the bucket cannot be read.
        """
        return next((told for _, told in self._believed(group, site)), None)

    def tell(self, served: ServedVersions, now: datetime) -> None:
        """Signs and writes what `served.site` serves now, under a later name than all that it has told before.

        A clock that was ahead once would else have the last word until its time has come.

        Raises:
            ConfigError: the site's export key is not on this machine.
            StoreError: it could not be written.
        """
        key = layout.served_key(served.group, layout.time_in_key(now))
        last = next((key for key, _ in self._believed(served.group, served.site)), "")
        if key <= last:
            key = f"{last.removesuffix('.json')}0.json"
        place = Place(group=served.group, site=self._told, key=key)
        data = sign_record(self._keyring, RecordKind.SERVED, place, served, KeyRole.EXPORT, served.site)
        create_object(self._control, key, data)

    def _believed(self, group: GroupName, site: SiteName) -> Iterator[tuple[str, ServedVersions]]:
        """The records that count with their keys, the newest one first."""
        keys = sorted(self._control.list(layout.served_prefix(group)), reverse=True)
        return believed(keys, lambda key: self._read(group, site, key), self._doubt)

    def _read(self, group: GroupName, site: SiteName, key: str) -> ServedVersions:
        what = f"versions {key} in {self._control.url}"
        data = stored_record(self._control, key, MAX_SERVED_BYTES, what)
        place = Place(group=group, site=self._told, key=key)
        found = read_record(
            self._keyring, RecordKind.SERVED, place, data, ServedVersions, roles=[KeyRole.EXPORT], what=what
        )
        told = found.record
        if (found.key.site, told.group, told.site) != (site, group, site):
            raise UntrustedRecordError(f"{what} is not what {site} has told of itself")
        return told


def _name(group_kind: tuple[str, str]) -> str:
    group, kind = group_kind
    return f"{kind}.{group}" if group else kind
