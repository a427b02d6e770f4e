"""Private keys out of a kubeconfig: in files for the moment in which TLS reads them, and from then on in memory.

Python's `ssl` loads a client's key from a file only, and the kubernetes package writes one to the temporary folder that
stays until the process ends, or for ever where it is killed. Here the file is in a folder of its own (mode 0700, in
memory where the machine has such a place) and goes within milliseconds; what a kill in between has left is swept away
by the next process that connects.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubestandby.adapters.abandoned import sweep
from kubestandby.errors import ConfigError

if TYPE_CHECKING:
    from urllib3 import PoolManager

PREFIX = "kubestandby-credentials-"
LEFT_BEHIND_SECONDS = 60.0
"""A folder is needed for milliseconds; one that is so old belongs to a process that was killed."""

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it is made private
_ONE_AT_A_TIME = threading.Lock()
"""The kubernetes package remembers its files for the whole process."""


@contextmanager
def passing_folder() -> Iterator[Path]:
    """A private folder that is gone, with all that is in it, at the end of the block.

    Raises:
        ConfigError: there is no place for it.
    """
    with _ONE_AT_A_TIME:
        folder = _new_folder()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def keep_in_memory(folder: Path, configuration: Any, pools: "PoolManager") -> None:
    """Where files were written to the folder, what new connections would read from them is loaded once and now.

    Files that the kubeconfig only names are left to be read again for each connection: they may be renewed.

    Args:
        folder: what `passing_folder` gave.
        configuration: the kubernetes package's `Configuration`.
        pools: its connections.
    """
    if not any(folder.iterdir()):
        return
    from urllib3.util.ssl_ import create_urllib3_context

    settings = pools.connection_pool_kw
    context = create_urllib3_context(cert_reqs=settings["cert_reqs"])
    if configuration.ssl_ca_cert:
        context.load_verify_locations(configuration.ssl_ca_cert)
    else:
        context.load_default_certs()
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    for name in ("ca_certs", "cert_file", "key_file", "ca_cert_data"):
        settings.pop(name, None)
    settings["ssl_context"] = context
    configuration.ssl_ca_cert = configuration.cert_file = configuration.key_file = None


def _new_folder() -> Path:
    try:
        parent = _parent()
        sweep(parent, PREFIX, older_than_seconds=LEFT_BEHIND_SECONDS)
        return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError as error:
        raise ConfigError(
            "TLS reads a private key from a file only, and there is no folder for one"
            f" ({(error.strerror or str(error)).lower()}); mount a temporary file system at /dev/shm, or set TMPDIR to"
            " a folder that can be written"
        ) from error


def _parent() -> Path:
    usable = _IN_MEMORY.is_dir() and os.access(_IN_MEMORY, os.W_OK | os.X_OK)
    return _IN_MEMORY if usable else Path(tempfile.gettempdir())
