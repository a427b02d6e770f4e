"""An API server that answers by script, below `KubeHttp`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from kubestandby.adapters.kube_cluster import KubeCluster
from kubestandby.adapters.kube_http import Call, KubeHttp, Reply, RetrySettings

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
JSON = {"content-type": "application/json"}


def ok(value: Any) -> Reply:
    return Reply(200, JSON, orjson.dumps(value))


def refusal(
    status: int, reason: str = "", message: str = "", headers: Mapping[str, str] = JSON, **details: Any
) -> Reply:
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "details": details}
    return Reply(status, headers, orjson.dumps(body))


class ScriptedSender:
    """Gives the replies in turn, the last one for ever; an exception among them is raised."""

    where = "cluster of site east (kubeconfig /k, context c)"
    host = "https://east:6443"

    def __init__(self, *script: Reply | Exception) -> None:
        self.script = list(script)
        self.calls: list[Call] = []
        self.renewals = 0

    def send(self, call: Call) -> Reply:
        self.calls.append(call)
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def renew(self) -> None:
        self.renewals += 1


class Line:
    """A connection over a scripted sender, with a clock that only counts what was slept."""

    def __init__(self, *script: Reply | Exception, retry: RetrySettings | None = None) -> None:
        self.sender = ScriptedSender(*script)
        self.slept: list[float] = []
        settings = retry or RetrySettings(budget=30, first_budget=30)
        self.http = KubeHttp(self.sender, settings, sleep=self.slept.append, jitter=lambda: 1.0, now=lambda: NOW)
        self.cluster = KubeCluster(self.http)
