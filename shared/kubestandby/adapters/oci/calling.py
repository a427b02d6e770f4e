"""Calls of OCI's services: tried again by status inside a budget, and refusals put into words.

Statuses: docs.oracle.com/iaas/Content/API/References/apierrors.htm. A message of the service's may hold what was sent,
so of a refusal only its status and its code get into an error.
"""

import random
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from kubestandby.adapters.oci import principals

_Answer = TypeVar("_Answer")
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
RETRIED_CONFLICTS = frozenset({"ConcurrentObjectUpdate", "IncorrectState", "LockConflict"})
"""Codes of a 409 that pass."""

_MASKED_ATTEMPTS = 3
"""A missing right answers 404 BucketNotFound; so does, now and then, a policy that is on its way to the service."""


class Refused(Exception):  # noqa: N818 - an answer of the service, which its caller turns into an error
    """The service said no, or nothing.

    Attributes:
        status: of the answer, 0 where there was none.
        code: the service's word for it, such as `IfNoneMatchFailed`.
        passing: trying again later may help.
        ambiguous: what was asked for may have been done all the same, by this attempt or one before it.
    """

    def __init__(self, status: int, code: str, cause: str, *, passing: bool, ambiguous: bool) -> None:
        super().__init__(cause)
        self.status = status
        self.code = code
        self.passing = passing
        self.ambiguous = ambiguous
        self.retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a call is tried, in seconds: in all, and between two attempts (doubled each time, with jitter)."""

    budget: float = 40.0
    first_wait: float = 0.25
    longest_wait: float = 8.0


@dataclass(slots=True)
class Caller:
    """Tries calls. Safe to use from many threads."""

    patience: Patience = field(default_factory=Patience)
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    renewed: Callable[[], bool] = principals.renewed

    def call(self, attempt: Callable[[], _Answer]) -> _Answer:
        """The answer of the first attempt that has one.

        Raises:
            Refused: the last attempt's, `ambiguous` where any of them was.
        """
        until, number, ambiguous = self.now() + self.patience.budget, 0, False
        while True:
            number += 1
            try:
                return attempt()
            except Exception as error:
                refused = refusal(error)
                ambiguous = ambiguous or refused.ambiguous
                refused.ambiguous = ambiguous
                wait = self._wait(number, refused)
                if not self._worth_another(refused, number) or self.now() + wait > until:
                    raise refused from error
            self.sleep(wait)

    def _worth_another(self, refused: Refused, number: int) -> bool:
        if refused.status == 401 and number == 1:
            return self.renewed()
        masked = refused.status == 404 and refused.code == "BucketNotFound"
        return refused.passing or (masked and number < _MASKED_ATTEMPTS)

    def _wait(self, number: int, refused: Refused) -> float:
        doubled = min(self.patience.first_wait * 2.0 ** (number - 1), self.patience.longest_wait)
        if refused.retry_after is not None:
            return refused.retry_after + self.patience.first_wait * self.jitter()
        return doubled * (0.5 + 0.5 * self.jitter())


def refusal(error: Exception) -> Refused:
    """What an exception of the SDK says.

    Raises:
        Exception: the error itself, where it is none of the SDK's.
    """
    from oci._vendor.requests.exceptions import RequestException
    from oci.exceptions import ServiceError
    from urllib3.exceptions import HTTPError

    if isinstance(error, Refused):
        return error
    if isinstance(error, ServiceError):
        return _of_status(int(error.status), str(error.code or ""), dict(error.headers or {}))
    if isinstance(error, (RequestException, HTTPError, ConnectionError, TimeoutError)):
        return _without_answer(error)
    raise error


def not_the_services(status: int) -> Refused:
    """An answer that the service does not give: somebody in between does, and what was asked may be done or not."""
    cause = f"it answered {status} with what the service does not say; check for a proxy in between"
    return Refused(0, "", cause, passing=True, ambiguous=True)


def _of_status(status: int, code: str, headers: Mapping[str, str]) -> Refused:
    passing = status in RETRIED_STATUSES or (status == 409 and code in RETRIED_CONFLICTS)
    words = f"{status} {code}".strip()
    refused = Refused(status, code, f"it answered {words}", passing=passing, ambiguous=status >= 500)
    lower = {name.lower(): value for name, value in headers.items()}
    refused.retry_after = _seconds(lower.get("retry-after", ""))
    return refused


def _without_answer(error: Exception) -> Refused:
    chain = _chain(error)
    words = next((words for words in map(_words_for, chain) if words), type(chain[-1]).__name__)
    untrusted = any(isinstance(link, ssl.SSLCertVerificationError) for link in chain)
    unsent = untrusted or any(isinstance(link, (ConnectionRefusedError, socket.gaierror)) for link in chain)
    return Refused(0, "", words, passing=not untrusted, ambiguous=not unsent)


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and what is behind it; the SDK hides causes in arguments."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < 20:
        link = waiting.pop(0)
        if link is None or link in found:
            continue
        found.append(link)
        reason = getattr(link, "reason", None)
        behind = [reason, link.__cause__, link.__context__, *link.args]
        waiting += [one for one in behind if isinstance(one, BaseException)]
    return found


def _words_for(error: BaseException) -> str:
    kinds = (
        (ssl.SSLCertVerificationError, "its certificate is not trusted"),
        (ConnectionRefusedError, "connection refused"),
        (socket.gaierror, "its host name is not known"),
        (TimeoutError, "timed out"),
        (ConnectionError, "the connection broke off"),
    )
    for kind, words in kinds:
        if isinstance(error, kind):
            return words
    name = type(error).__name__
    if "Timeout" in name:
        return "timed out"
    return "the connection broke off" if name in ("ProtocolError", "IncompleteRead", "ChunkedEncodingError") else ""


def _seconds(text: str) -> float | None:
    """Seconds to wait by a Retry-After header: a number or an HTTP date (RFC 9110, 10.2.3)."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
