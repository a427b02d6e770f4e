"""The one thing that `doctor` writes: an object of its own, to see that nobody can replace it."""

import secrets

from kubestandby import layout
from kubestandby.cli.doctor.verdicts import Canary
from kubestandby.cli.reading import attempt
from kubestandby.errors import ObjectExistsError, StoreError
from kubestandby.ports import ObjectStore
from kubestandby.snapshots import SiteName

_FIRST, _SECOND = b'{"canary": 1}\n', b'{"canary": 2}\n'


def try_bucket(store: ObjectStore, site: SiteName, *, is_ours: bool) -> Canary:
    """Lists, creates, reads back, creates again, deletes. Never raises what a store raises."""
    key = layout.doctor_key(site, secrets.token_hex(8))
    unreached = attempt(lambda: store.list(layout.doctor_prefix(site))).unreachable
    if unreached:
        return Canary(unreached=unreached)
    refused = attempt(lambda: store.put_if_absent(key, _FIRST)).unreachable
    if refused:
        return Canary(refused=refused, is_ours=is_ours)
    second, taken = _create_again(store, key)
    # Afterwards, so that it also shows a second writer who was refused and yet came through.
    unread = _difference(store, key)
    kept = attempt(lambda: store.delete(key)).unreachable
    return Canary(unread=unread if second else "", second=second, taken=taken, kept=kept, is_ours=is_ours)


def _create_again(store: ObjectStore, key: str) -> tuple[str, bool]:
    """Why the second create was refused ("" where it was not), and whether that is because the key is taken."""
    try:
        store.put_if_absent(key, _SECOND)
    except ObjectExistsError as error:
        return str(error), True
    except StoreError as error:
        return str(error), False
    return "", False


def _difference(store: ObjectStore, key: str) -> str:
    found = attempt(lambda: store.get(key, max_bytes=1024))
    if found.value is None:
        return found.unreachable
    return "" if found.value == _FIRST else f"object {key} in {store.url} is not what was written into it"
