"""The relay by itself, for one site whose buckets tell nobody of new objects: `python -m kubestandby.runtime.relaying`.

Looks through the site's two buckets again and again, and calls the function that a new object concerns, wherever it
listens. A timer's ticks alone move nothing on: what a tick pushes is a request, whose event somebody has to bring.

    KUBESTANDBY_CONFIG, KUBESTANDBY_SITE     as the functions have them
    KUBESTANDBY_FUNCTION_HOST                http://{function}.kubestandby-system.svc.cluster.local[:PORT]
    KUBESTANDBY_POLL_SECONDS                 2

It holds nothing that is not in the buckets: started anew, it leaves what was there before to the tick, and two of them
do no harm, since an event that comes twice is nothing new. An object that it cannot find out about ends nothing; what
it does not expect ends the process, which the platform starts again.
"""

import logging
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from kubestandby.adapters.group_file import bucket_urls
from kubestandby.adapters.stores import open_store
from kubestandby.errors import ConfigError
from kubestandby.groups import ProtectionGroup
from kubestandby.layout import Function
from kubestandby.runtime.bucket_poll import POLL_SECONDS
from kubestandby.runtime.configured import configured_groups
from kubestandby.runtime.context import SITE_VARIABLE
from kubestandby.runtime.cores import leave_no_core
from kubestandby.runtime.deliveries import Deliveries
from kubestandby.runtime.logs import log_crashes, set_up_logging
from kubestandby.runtime.relay import Relay
from kubestandby.runtime.time_settings import seconds_from_environment

HOST_VARIABLE = "KUBESTANDBY_FUNCTION_HOST"
POLL_VARIABLE = "KUBESTANDBY_POLL_SECONDS"
_LEAST_PAUSE = 0.1
_LOG = logging.getLogger(__name__)
_PLACEHOLDER = "{function}"


@dataclass(frozen=True)
class Places:
    """Where the functions listen, by a template of their address."""

    template: str

    def __post_init__(self) -> None:
        """Checks the template.

        Raises:
            ConfigError: it is not an address that names the function.
        """
        parts = urlsplit(self.template)
        if _PLACEHOLDER not in parts.netloc or parts.scheme != "http" or parts.path.strip("/"):
            raise ConfigError(
                f"{HOST_VARIABLE} is {self.template[:100]!r}; write it as http://{_PLACEHOLDER}.NAMESPACE.svc.cluster.local"
            )

    def host(self, function: Function) -> str:
        """The name of the machine or service."""
        return urlsplit(self.template.replace(_PLACEHOLDER, function)).hostname or ""

    def port(self, function: Function) -> int:
        """The port, 80 where the template has none."""
        return urlsplit(self.template.replace(_PLACEHOLDER, function)).port or 80


def site_buckets(groups: Sequence[ProtectionGroup], site: str) -> list[str]:
    """The buckets of a site, each once.

    Raises:
        ConfigError: no group has such a site.
    """
    found = {url for group in groups for one in group.sites if one.name == site for url in (one.data, one.control)}
    if not found:
        known = ", ".join(sorted({one.name for group in groups for one in group.sites}))
        raise ConfigError(f"{SITE_VARIABLE} is {site!r}, which no group has; the sites are {known}")
    return [url for url in bucket_urls(tuple(groups)) if url in found]


def relay(site: str, places: Places, stop: threading.Event) -> None:
    """Relays for the site until it is told to stop.

    Raises:
        ConfigError: the configuration or the environment is wrong.
        StoreError: the configuration is in a store that cannot be read.
    """
    pause = seconds_from_environment(POLL_VARIABLE, least=_LEAST_PAUSE) or POLL_SECONDS
    urls = site_buckets(configured_groups(open_store), site)
    deliveries = Deliveries(places.port, host_of=places.host)
    relayed = Relay(urls, deliveries.submit, watches=False)
    deliveries.start()
    try:
        relayed.start()
        _LOG.info("relaying", extra={"site": site})
        while not stop.wait(pause):
            relayed.look()
    finally:
        deliveries.stop()


def main() -> None:
    """Runs until SIGTERM."""
    set_up_logging()
    log_crashes()
    leave_no_core()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    relay(os.environ.get(SITE_VARIABLE, ""), Places(os.environ.get(HOST_VARIABLE, "")), stop)


if __name__ == "__main__":
    main()
