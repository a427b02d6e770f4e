"""A cluster's refusal as an operator can use it: all that is missing at once, not one right after the other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from kubestandby.errors import ClusterError, NeedsPrivilegeError
from kubestandby.groups import Kinds, ProtectionGroup, RightsSettings
from kubestandby.privileges import Right
from kubestandby.rights.refused import refused_right

_ALL_KINDS = RightsSettings(allow=Kinds(every=True))


@contextmanager
def explained(all_missing: Callable[[Right], NeedsPrivilegeError]) -> Iterator[None]:
    """Turns a refusal of something that has to be read into what `all_missing` makes of the right that was refused.

    Raises:
        NeedsPrivilegeError: the cluster has refused a right.
    """
    try:
        yield
    except ClusterError as error:
        right = refused_right(str(error)) if error.status == 403 else None
        if right is None:
            raise
        raise all_missing(right) from error


def needing_everything(group: ProtectionGroup) -> ProtectionGroup:
    """The group as what it needs is worked out: sensitive kinds too, whether or not rights on them may be printed."""
    return replace(group, rights=_ALL_KINDS)
