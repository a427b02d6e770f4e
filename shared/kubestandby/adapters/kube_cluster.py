"""A Kubernetes cluster behind `ports.Cluster`: what is asked of an API server, and how its answers are understood."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import orjson

from kubestandby import manifest_yaml
from kubestandby.adapters import kube_discovery, kube_reviews
from kubestandby.adapters.kube_http import JSON, Call, KubeHttp, ReplyTooLargeError, RetrySettings
from kubestandby.adapters.kube_pace import Pace
from kubestandby.adapters.kube_sender import ApiSender
from kubestandby.errors import ClusterError, ListExpiredError
from kubestandby.groups import ClusterAccess, ClusterLimits
from kubestandby.ports import ClusterIdentity, Discovery, Page
from kubestandby.privileges import HeldRules, Right
from kubestandby.resources import FIELD_MANAGER, Manifest, ObjectRef, ResourceType

USUAL_LIMITS = ClusterLimits()
DISCOVERY_BUDGET_SECONDS = 5.0
WANTED_PAGE_BYTES = 8 << 20
LARGEST_PAGE_BYTES = 16 << 20
LISTS_READ_AHEAD = 6
"""So many lists have their next page under way at once; of any more it is asked for later."""

APPLY_PATCH = "application/apply-patch+yaml"
Query = tuple[tuple[str, str], ...]
DRY: Query = (("dryRun", "All"),)
FORCED: Query = (("force", "true"),)


def connect(
    access: ClusterAccess, *, site: str, limits: ClusterLimits = USUAL_LIMITS, retry: RetrySettings | None = None
) -> "KubeCluster":
    """Prepares access to a cluster. Nothing is sent yet: an unreachable server is an error of the first call.

    Raises:
        ConfigError: the kubeconfig is missing, unreadable or wrong, or has no such context.
    """
    pace = Pace(limits.requests_in_flight, limits.requests_per_second)
    sender = ApiSender(access, site, connections_kept=limits.requests_in_flight)
    return KubeCluster(KubeHttp(sender, retry or RetrySettings(), pace=pace), page_size=limits.page_size)


class KubeCluster:
    """One API server. Safe to use from many threads."""

    def __init__(self, http: KubeHttp, *, page_size: int = USUAL_LIMITS.page_size) -> None:
        self._http = http
        self._page_size = page_size
        self._ahead = ThreadPoolExecutor(LISTS_READ_AHEAD, thread_name_prefix="next-page")

    def identity(self) -> ClusterIdentity:
        """Which cluster this is."""
        call = Call(method="GET", path="/api/v1/namespaces/kube-system", subject="namespace kube-system")
        try:
            namespace = self._http.json(call)
        except ClusterError as error:
            if error.status != 403:
                raise
            advice = "grant get on it: its UID tells one cluster from another"
            raise ClusterError(f"{error}; {advice}", status=403, reason=error.reason) from error
        version = self._http.json(Call(method="GET", path="/version", subject="the server's version"))
        return ClusterIdentity(namespace["metadata"]["uid"], str(version.get("gitVersion", "")))

    def discover(self) -> Discovery:
        """Reads all API groups and types afresh. A 503 is a failure of that group, never "no resources"."""
        return kube_discovery.discover(self._read_discovery)

    def _read_discovery(self, path: str, accept: str) -> Mapping[str, Any]:
        of_all = path in ("/api", "/apis")
        budget = None if of_all else DISCOVERY_BUDGET_SECONDS
        call = Call(method="GET", path=path, subject=f"discovery of {path}", accept=accept, budget_seconds=budget)
        return self._http.json(call)

    def pages(
        self,
        resource: ResourceType,
        *,
        namespace: str = "",
        label_selector: str = "",
        page_size: int = 0,
    ) -> Iterator[Page]:
        """Lists a type page by page at one resourceVersion; items carry apiVersion and kind.

        The server makes the next page while the caller looks at one. `page_size` 0 means that of the site's limits. It
        shrinks where objects are large, so that a page stays near `WANTED_PAGE_BYTES`.

        Raises:
            ListExpiredError: 410 in the middle, or a page of another resourceVersion; the caller starts again.
        """
        call = _call("GET", resource, namespace=namespace)
        if label_selector:
            call = replace(call, query=(("labelSelector", label_selector),))
        version, token = "", ""
        body, size, limit = self._page(call, page_size or self._page_size, token)
        while True:
            metadata = body.get("metadata") or {}
            found = str(metadata.get("resourceVersion") or "")
            if token and version and found != version:
                raise ListExpiredError(f"{call.subject}: the list changed its resourceVersion midway", status=410)
            version, last = found, token
            token = str(metadata.get("continue") or "")
            page = Page(_items(body, resource, call.subject), version, size)
            if not token:
                yield page
                return
            if token == last:
                raise ClusterError(f"{call.subject}: the server repeats a page of the list", reason="Undecodable")
            coming = self._ahead.submit(self._page, call, limit, token)
            yield page
            body, size, limit = coming.result()

    def _page(self, call: Call, limit: int, token: str) -> tuple[dict[str, Any], int, int]:
        """One page, its size in bytes, and the limit for the next one."""
        while True:
            largest = LARGEST_PAGE_BYTES if limit > 1 else 0
            query = (*call.query, ("limit", str(limit)), *((("continue", token),) if token else ()))
            try:
                body, size = self._http.sized_json(replace(call, query=query, max_bytes=largest))
            except ReplyTooLargeError:
                limit = max(1, limit // 8)
                continue
            return body, size, limit if size <= WANTED_PAGE_BYTES else max(1, limit * WANTED_PAGE_BYTES // size)

    def get(self, resource: ResourceType, namespace: str, name: str) -> Manifest | None:
        """One object, or None where there is none."""
        try:
            return _typed(self._http.json(_call("GET", resource, namespace=namespace, name=name)), resource)
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    def apply(
        self,
        resource: ResourceType,
        manifest: Manifest,
        *,
        dry_run: bool = False,
        manager: str = FIELD_MANAGER,
        force: bool = True,
    ) -> Manifest:
        """Server-side apply with strict field validation; returns the object as the server has it now.

        The server reads every apply as YAML, whose keys on one line have a limit (see `manifest_yaml.emit_flow`).
        """
        query = (DRY if dry_run else ()) + (FORCED if force else ())
        call = _write_call("PATCH", resource, manifest, APPLY_PATCH, manager=manager, query=query)
        try:
            return _typed(self._http.json(call), resource)
        except ClusterError as error:
            if error.status != 400 or "error decoding YAML" not in str(error):
                raise
        return _typed(self._http.json(replace(call, body=manifest_yaml.emit(manifest))), resource)

    def create(self, resource: ResourceType, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """POST with strict field validation, as field manager `kubestandby`.

        After a lost reply the second attempt may meet the object that the first one made: 409 AlreadyExists.
        """
        return _typed(self._http.json(_write_call("POST", resource, manifest, query=DRY if dry_run else ())), resource)

    def replace(self, resource: ResourceType, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """PUT with strict field validation, as field manager `kubestandby`."""
        return _typed(self._http.json(_write_call("PUT", resource, manifest, query=DRY if dry_run else ())), resource)

    def delete(self, resource: ResourceType, ref: ObjectRef, *, uid: str) -> None:
        """Deletes the object of exactly this UID in the background; no error where it is gone."""
        options = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        call = _call("DELETE", resource, namespace=ref.namespace, name=ref.name)
        try:
            self._http.json(replace(call, body=orjson.dumps(options)))
        except ClusterError as error:
            if error.status not in (404, 409):  # 409: the name belongs to another object by now (Preconditions)
                raise

    def whoami(self) -> str:
        """The name that our credentials have there."""
        return kube_reviews.whoami(self._http)

    def rules(self, namespace: str) -> HeldRules:
        """What we may do in the namespace, cluster-wide rights included; it need not exist."""
        return kube_reviews.rules(self._http, namespace)

    def may(self, right: Right) -> bool:
        """Whether we hold this right."""
        return kube_reviews.may(self._http, right)


def _call(method: str, resource: ResourceType, *, namespace: str = "", name: str = "") -> Call:
    """A request for a collection, or for one object.

    Raises:
        ClusterError: the name could not be part of a path (k8s.io/apimachinery/pkg/api/validation/path).
    """
    for part in (namespace, name):
        if part in (".", "..") or "/" in part or "%" in part:
            raise ClusterError(f"{part[:80]!r} cannot be the name of an object", status=422, reason="Invalid")
    path = resource.path(quote(namespace, safe=""), quote(name, safe=""))
    subject = resource.plural if not resource.gvk.group else resource.qualified_plural
    subject = f"{subject} {namespace}/{name}".removesuffix("/").replace(" /", " ").strip()
    secret = resource.gvk.group_kind == ("", "Secret")
    return Call(method=method, path=path, subject=subject, secret=secret)


def _write_call(
    method: str,
    resource: ResourceType,
    manifest: Manifest,
    content_type: str = JSON,
    *,
    manager: str = FIELD_MANAGER,
    query: Query = (),
) -> Call:
    ref = ObjectRef.of(manifest)
    name = "" if method == "POST" else ref.name
    call = _call(method, resource, namespace=ref.namespace if resource.namespaced else "", name=name)
    strict = (("fieldManager", manager), ("fieldValidation", "Strict"))
    body = manifest_yaml.emit_flow(manifest)
    return replace(call, subject=str(ref), query=strict + query, content_type=content_type, body=body)


def _typed(item: Mapping[str, Any], resource: ResourceType) -> Manifest:
    return {**item, "apiVersion": resource.gvk.api_version, "kind": resource.gvk.kind}


def _items(body: Mapping[str, Any], resource: ResourceType, subject: str) -> Sequence[Manifest]:
    """The items of a list, typed; a body that is not one is an error. Go servers write an empty list as null too.

    A definition may give its lists any kind (CustomResourceDefinitionNames.listKind): those are told by their version.
    """
    kind = str(body.get("kind", ""))
    is_list = kind.endswith("List") or (kind and body.get("apiVersion") == resource.gvk.api_version)
    if not is_list or "items" not in body:
        raise ClusterError(f"{subject}: the server's answer is not a list", reason="Undecodable")
    items: list[dict[str, Any]] = body["items"] or []
    for item in items:
        item["apiVersion"], item["kind"] = resource.gvk.api_version, resource.gvk.kind
    return items
