"""What time it is to an API server, by the Date header of an answer."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kubestandby.adapters.kube_http import Call, NoReplyError
from kubestandby.adapters.kube_sender import ApiSender
from kubestandby.errors import ClusterUnavailableError
from kubestandby.groups import ClusterAccess


def server_time(access: ClusterAccess, site: str) -> datetime | None:
    """The server's time in UTC, to a second; None where its answer does not say.

    Raises:
        ConfigError: the cluster's configuration is wrong.
        ClusterUnavailableError: it does not answer.
    """
    sender = ApiSender(access, site, connections_kept=1)
    try:
        reply = sender.send(Call(method="GET", path="/version", subject="the server's version"))
    except NoReplyError as error:
        raise ClusterUnavailableError(f"{sender.where} cannot be reached ({error}); check that it is up") from error
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None
