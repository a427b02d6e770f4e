"""Creating an object when the reply may be lost: what is stored decides, not what was answered."""

from collections.abc import Callable

from kubestandby.errors import ObjectExistsError, ObjectTooLargeError, StoreError
from kubestandby.ports import ObjectStore


def create_object(store: ObjectStore, key: str, data: bytes) -> None:
    """Creates the object, or finds that it is there with these very bytes.

    Raises:
        ObjectExistsError: there is an object of this key with other bytes: another writer was first.
        StoreError: it could not be written, and is not there.
    """
    settle(lambda: store.put_if_absent(key, data), lambda: _holds(store, key, data))


def settle(put: Callable[[], None], is_ours: Callable[[], bool]) -> None:
    """Runs `put`; when it fails, reads back what is stored now.

    Raises:
        ObjectExistsError: another writer was first.
        StoreError: the error of `put`, where nothing is stored or reading back fails too.
    """
    try:
        put()
    except StoreError as error:
        try:
            ours = is_ours()
        except StoreError:
            raise error from None
        if ours:
            return
        if isinstance(error, ObjectExistsError):
            raise
        raise ObjectExistsError(f"another writer was first: {error}") from error


def _holds(store: ObjectStore, key: str, data: bytes) -> bool:
    """Whether the object has these bytes.

    Raises:
        ObjectMissingError: there is none.
    """
    try:
        return store.get(key, max_bytes=len(data)) == data
    except ObjectTooLargeError:
        return False
