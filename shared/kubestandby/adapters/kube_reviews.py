"""Asks an API server who we are to it, and what we may do (authentication.k8s.io/v1, authorization.k8s.io/v1).

Every authenticated identity may ask: ClusterRole `system:basic-user`.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from kubestandby.adapters.kube_http import Call, KubeHttp
from kubestandby.privileges import HeldRules, Right, Rule

_AUTHORIZATION = "authorization.k8s.io/v1"
_AUTHENTICATION = "authentication.k8s.io/v1"


def whoami(http: KubeHttp) -> str:
    """The user name of our credentials; servers before 1.28 do not tell: a `ClusterError` (404)."""
    status = _review(http, _AUTHENTICATION, "SelfSubjectReview", {})
    return str(status.get("userInfo", {}).get("username", ""))


def rules(http: KubeHttp, namespace: str) -> HeldRules:
    """What we may do in a namespace, by all that binds us there and cluster-wide."""
    status = _review(http, _AUTHORIZATION, "SelfSubjectRulesReview", {"namespace": namespace})
    on_resources = [Rule.of(rule) for rule in status.get("resourceRules") or ()]
    on_urls = [Rule.of(rule) for rule in status.get("nonResourceRules") or ()]
    return HeldRules(rules=(*on_resources, *on_urls), complete=not status.get("incomplete", False))


def may(http: KubeHttp, right: Right) -> bool:
    """Whether we hold one right."""
    attributes = {
        "verb": right.verb,
        "group": right.group,
        "resource": right.resource.partition("/")[0],
        "subresource": right.resource.partition("/")[2],
        "namespace": right.namespace,
        "name": right.name,
    }
    asked = {"resourceAttributes": {key: value for key, value in attributes.items() if value}}
    return bool(_review(http, _AUTHORIZATION, "SelfSubjectAccessReview", asked).get("allowed"))


def _review(http: KubeHttp, api_version: str, kind: str, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The status of one review, which the server answers and does not keep."""
    body = {"apiVersion": api_version, "kind": kind, **({"spec": spec} if spec else {})}
    path = f"/apis/{api_version}/{kind.lower()}s"
    status = http.json(Call(method="POST", path=path, subject=kind, body=orjson.dumps(body))).get("status")
    return status if isinstance(status, dict) else {}
