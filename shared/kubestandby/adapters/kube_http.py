"""HTTP to an API server: bounded retries, strict decoding, and errors that name the cluster and the next step.

Knows nothing of TLS and credentials: `kube_sender` lends it a `Sender`. An answer that cannot be understood is a
failure, never "nothing there".
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, Protocol

import orjson
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from kubestandby.adapters.kube_pace import Pace
from kubestandby.adapters.kube_status import reason_of, server_words
from kubestandby.errors import ClusterError, ClusterUnavailableError, ListExpiredError

JSON = "application/json"
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
LASTING_500 = "failed to create typed patch object"
"""How the server refuses a server-side apply of fields that its schema cannot take: an error of the object, whatever
its status says (k8s.io/apimachinery, managedfields/internal/structuredmerge.go)."""

WEBHOOK_500 = "failed calling webhook"
"""How the server refuses a write whose admission webhook does not answer: each attempt waits for the webhook's own
timeout, and the restore comes back to such objects when the rest is there (k8s.io/apiserver, webhook/errors)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request.

    Attributes:
        path: percent-encoded already.
        subject: what it is about, for errors: `secrets in shop`, `Deployment.apps shop/web`.
        secret: whether the object is a Secret, of which no error may repeat a value.
        max_bytes: of the answer's body, 0 = no limit.
        budget_seconds: for all its attempts; None = the connection's own.
    """

    method: str
    path: str
    subject: str
    query: tuple[tuple[str, str], ...] = ()
    accept: str = JSON
    content_type: str = JSON
    body: bytes = b""
    secret: bool = False
    max_bytes: int = 0
    budget_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. Headers are found by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoReplyError(Exception):
    """There was no whole answer. `lasting` = trying again cannot help (a certificate that is not trusted)."""

    def __init__(self, cause: str, *, lasting: bool = False) -> None:
        super().__init__(cause)
        self.lasting = lasting


class ReplyTooLargeError(Exception):
    """The body is larger than `Call.max_bytes`; it was not read to its end."""


class Sender(Protocol):
    """Sends one request once."""

    @property
    def where(self) -> str:
        """Which cluster, for errors: `cluster of site east (kubeconfig /path, context east)`."""
        ...

    @property
    def host(self) -> str:
        """The API server's address."""
        ...

    def send(self, call: Call) -> Reply:
        """Sends it.

        Raises:
            NoReplyError: no whole answer.
            ReplyTooLargeError: see `Call.max_bytes`.
        """
        ...

    def renew(self) -> None:
        """Reads the credentials afresh; called after a 401."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySettings:
    """How patient to be, in seconds.

    Attributes:
        budget: waiting in all, per request.
        first_budget: the same for a server that has never answered: it is more likely misconfigured than busy.
        first_wait: before the second attempt; doubled each time, up to `longest_wait`, always with jitter.
    """

    budget: float = 45.0
    first_budget: float = 4.0
    first_wait: float = 0.2
    longest_wait: float = 8.0


class _TryAgainError(Exception):
    """An attempt that failed in a way that may pass; carries what to raise when the budget is spent."""

    def __init__(self, error: ClusterError, retry_after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after = retry_after


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class KubeHttp:
    """One API server. Safe to use from many threads."""

    sender: Sender
    retry: RetrySettings = field(default_factory=RetrySettings)
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    now: Callable[[], datetime] = _utc_now
    pace: Pace = field(default_factory=lambda: Pace(16, 1000))
    _answered: bool = False

    def json(self, call: Call) -> dict[str, Any]:
        """The decoded answer; raises like `sized_json`."""
        return self.sized_json(call)[0]

    def sized_json(self, call: Call) -> tuple[dict[str, Any], int]:
        """Sends the request, again and again within its budget; returns the decoded answer and its size in bytes.

        Raises:
            ClusterUnavailableError: unreachable, or 429 or 5xx or garbage for longer than the budget.
            ListExpiredError: 410.
            ClusterError: any other refusal.
            ReplyTooLargeError: see `Call.max_bytes`.
        """
        began = time.monotonic()
        try:
            return self._attempt(call)
        except _TryAgainError as error:
            failed = error
        return self._again(call, failed, began)

    def _again(self, call: Call, first: _TryAgainError, began: float) -> tuple[dict[str, Any], int]:
        """Goes on after a first attempt that failed. Most requests need one, which does without what is set up here."""
        failed = [first]

        def attempt() -> tuple[dict[str, Any], int]:
            if failed:
                raise failed.pop()
            return self._attempt(call)

        retrying = Retrying(
            retry=retry_if_exception_type(_TryAgainError),
            wait=self._wait,
            stop=lambda state: self._is_spent(call, state, began),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _TryAgainError as spent:
            raise spent.error from spent.__cause__

    def _attempt(self, call: Call) -> tuple[dict[str, Any], int]:
        reply = self._send(call)
        if reply.status == 401:
            self.sender.renew()
            reply = self._send(call)
        if not 200 <= reply.status <= 299:
            self._refuse(call, reply)
        try:
            value = orjson.loads(reply.body)
        except orjson.JSONDecodeError as error:
            raise _TryAgainError(self._not_understood(call, reply)) from error
        if not isinstance(value, dict):
            raise _TryAgainError(self._not_understood(call, reply))
        self._answered = True
        return value, len(reply.body)

    def _send(self, call: Call) -> Reply:
        try:
            with self.pace:
                return self.sender.send(call)
        except NoReplyError as error:
            if error.lasting:
                raise ClusterError(
                    f"{self.sender.where} cannot be talked to ({error}); check the server address and the "
                    "certificate authority in the kubeconfig",
                    reason="TLS",
                ) from error
            unreachable = ClusterUnavailableError(
                f"{self.sender.where} cannot be reached ({error}); check that the API server {self.sender.host} is "
                "up and that this machine may connect to it",
                reason="Unreachable",
            )
            raise _TryAgainError(unreachable) from error

    def _refuse(self, call: Call, reply: Reply) -> NoReturn:
        status = _status_object(reply.body)
        reason = reason_of(reply.status, status)
        words = server_words(status, secret=call.secret)
        if reply.status == 401 or (reply.status == 403 and "system:anonymous" in str(status.get("message", ""))):
            raise ClusterError(
                f"{self.sender.where} refuses the credentials ({reason}): they are missing, wrong or "
                "expired; renew them",
                status=401,
                reason="Unauthorized",
            )
        text = f"{call.subject}: {self.sender.where} answered {reply.status} {reason}" + (f": {words}" if words else "")
        if reply.status in RETRIED_STATUSES and LASTING_500 not in str(status.get("message", "")):
            error = ClusterUnavailableError(text, status=reply.status, reason=reason)
            if call.method != "GET" and WEBHOOK_500 in str(status.get("message", "")):
                raise error
            raise _TryAgainError(error, self._retry_after(reply.headers))
        self._answered = True
        kind = ListExpiredError if reply.status == 410 else ClusterError
        raise kind(text, status=reply.status, reason=reason)

    def _not_understood(self, call: Call, reply: Reply) -> ClusterUnavailableError:
        sort = reply.headers.get("content-type", "no content type").split(";")[0][:40]
        return ClusterUnavailableError(
            f"{call.subject}: {self.sender.where} answered {reply.status} with a body that is not a JSON object "
            f"({sort}, {len(reply.body)} bytes); check for a proxy between this machine and {self.sender.host}",
            status=reply.status,
            reason="Undecodable",
        )

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait by the Retry-After header, which is a number or an HTTP date (RFC 9110, 10.2.3)."""
        text = headers.get("retry-after", "").strip()
        if not text:
            return None
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            return max(0.0, (parsedate_to_datetime(text) - self.now()).total_seconds())
        except (TypeError, ValueError):
            return None

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, _TryAgainError) else None
        doubled = min(self.retry.first_wait * 2.0 ** (state.attempt_number - 1), self.retry.longest_wait)
        jittered = doubled * (0.5 + 0.5 * self.jitter())
        return jittered if asked is None else asked + self.retry.first_wait * self.jitter()

    def _is_spent(self, call: Call, state: RetryCallState, began: float) -> bool:
        budget = self.retry.budget if self._answered else self.retry.first_budget
        if call.budget_seconds is not None:
            budget = min(budget, call.budget_seconds)
        so_far = max(state.idle_for, time.monotonic() - began)
        return so_far + state.upcoming_sleep > budget


def _status_object(body: bytes) -> Mapping[str, Any]:
    """The Status object of a refusal (metav1.Status), or an empty mapping where the body is something else."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) and value.get("kind") == "Status" else {}
