"""Where a function's configuration is: a file, or an object of a store that is pinned by its digest.

    KUBESTANDBY_CONFIG=/etc/kubestandby/groups.yaml
    KUBESTANDBY_CONFIG=oci://namespace/west-control?region=eu-frankfurt-1#config/SHA256.yaml

The configuration decides who is trusted, so a bucket whose content it judges cannot be asked for it, unless what the
bucket gives is known beforehand: the object's name is the SHA-256 of its bytes, and whoever sets the variable (who
may configure functions) has said so. Nobody who may only write to the bucket can change it.
"""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from kubestandby.adapters.group_file import CONFIG_VARIABLE, MAX_BYTES, config_path, load_groups, read_groups
from kubestandby.errors import ConfigError, ObjectMissingError, ObjectTooLargeError
from kubestandby.groups import ProtectionGroup
from kubestandby.ports import ObjectStore

IMAGE_FOLDER = Path("/function")
"""Where relative paths of a configuration from a store start: the image's folder."""

_KEY = re.compile(r"(?:[^/]+/)*([0-9a-f]{64})\.yaml")


def configured_groups(open_store: Callable[[str], ObjectStore]) -> tuple[ProtectionGroup, ...]:
    """The groups of the configuration that `KUBESTANDBY_CONFIG` names.

    Raises:
        ConfigError: there is none, anything in it is wrong, or it is not the one that is named.
        StoreError: the store cannot be read.
    """
    named = os.environ.get(CONFIG_VARIABLE, "")
    if "://" not in named:
        return load_groups(config_path())
    url, _, key = named.partition("#")
    match = _KEY.fullmatch(key)
    if match is None:
        raise ConfigError(
            f"{CONFIG_VARIABLE} names a store and no object of it by its digest; write STORE-URL#config/SHA256.yaml"
        )
    data = _fetched(open_store(url), key)
    if hashlib.sha256(data).hexdigest() != match[1]:
        raise ConfigError(f"configuration {key} in {url} is not the one of this name; its SHA-256 is another")
    return read_groups(data, key, IMAGE_FOLDER)


def _fetched(store: ObjectStore, key: str) -> bytes:
    try:
        return store.get(key, max_bytes=MAX_BYTES)
    except ObjectMissingError as error:
        raise ConfigError(f"configuration {key} is not in {store.url}; put it there, or correct the name") from error
    except ObjectTooLargeError as error:
        raise ConfigError(f"configuration {key} in {store.url} is larger than {MAX_BYTES >> 20} MiB") from error
