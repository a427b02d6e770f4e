"""What each sender tells, in the form of its documentation, and what of it is a reason to export."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubestandby.errors import BadInputError
from kubestandby.events import Deployed
from kubestandby.groups import WebhookKind
from kubestandby.runtime.webhooks.senders import Told, read
from kubestandby.runtime.webhooks.signatures import Delivery
from tests.unit.webhooks.hooks import ANYTHING, Sent, argocd, flux, github, gitlab, standard

REPOSITORY = {"full_name": "acme/shop"}
PROJECT = {"path_with_namespace": "acme/shop"}
FLUX_EVENT: dict[str, Any] = {
    "involvedObject": {"kind": "Kustomization", "namespace": "flux-system", "name": "shop"},
    "severity": "info",
    "timestamp": "2026-11-22T12:00:00Z",
    "reason": "ReconciliationSucceeded",
    "metadata": {"kustomize.toolkit.fluxcd.io/revision": "main@sha1:6c1f"},
}
ARGO: dict[str, Any] = {
    "id": "shop-6c1f",
    "application": "shop",
    "repository": "https://github.com/acme/shop.git",
    "branch": "main",
    "environment": "production",
    "images": ["registry.example/shop/web:1.0", "registry.example/shop/db:2"],
}


def told(kind: str, sent: Sent, payload: Any) -> Told:
    return read(WebhookKind(kind), sent.delivery, payload)


def of_github(event: str, payload: dict[str, Any]) -> Told:
    return told("github", github(payload, event=event, identity="guid-1"), {"repository": REPOSITORY, **payload})


def of_gitlab(payload: dict[str, Any]) -> Told:
    return told("gitlab", gitlab(payload, identity="uuid-1"), {"project": PROJECT, **payload})


def test_a_push_to_a_branch():
    said = of_github("push", {"ref": "refs/heads/release/1.2"})

    assert said == Told("guid-1", Deployed(repositories=("acme/shop",), branches=("release/1.2",)))


@pytest.mark.parametrize("payload", [{"ref": "refs/tags/v1"}, {"ref": "refs/heads/x", "deleted": True}, {}])
def test_a_push_that_puts_nothing_on_a_branch_is_no_reason(payload: dict[str, Any]):
    assert of_github("push", payload).refusal
    assert of_gitlab({"object_kind": "push", **payload}).refusal


@pytest.mark.parametrize(("conclusion", "reason"), [("success", ""), ("failure", "run"), (None, "run")])
def test_a_workflow_run_counts_when_it_has_succeeded(conclusion: str | None, reason: str):
    said = of_github("workflow_run", {"workflow_run": {"head_branch": "main", "conclusion": conclusion}})

    assert said.deployed.branches == ("main",)
    assert reason in said.refusal
    assert bool(reason) is bool(said.refusal)


@pytest.mark.parametrize(("state", "counts"), [("success", True), ("pending", False), ("failure", False)])
def test_a_deployment_status_names_its_environment(state: str, counts: bool):
    deployment = {"ref": "main", "environment": "production"}
    said = of_github("deployment_status", {"deployment": deployment, "deployment_status": {"state": state}})

    assert (said.deployed.branches, said.deployed.environments) == (("main",), ("production",))
    assert (not said.refusal) is counts


@pytest.mark.parametrize("event", ["ping", "issues", "star", "deployment"])
def test_other_events_of_github_are_no_reason(event: str):
    assert of_github(event, {}).refusal


@pytest.mark.parametrize("missing", ["X_GitHub_Event", "X_GitHub_Delivery"])
def test_github_always_sends_event_and_id(missing: str):
    sent = github().with_headers(**{missing: None})

    with pytest.raises(BadInputError, match=missing.lower().replace("_", "-")):
        told("github", sent, {})


def test_gitlabs_push_pipeline_and_deployment():
    push = of_gitlab({"object_kind": "push", "ref": "refs/heads/main"})
    pipeline = of_gitlab({"object_kind": "pipeline", "object_attributes": {"ref": "main", "status": "success"}})
    deployment = of_gitlab(
        {"object_kind": "deployment", "status": "success", "ref": "main", "environment": "production"}
    )

    assert push == pipeline == Told("uuid-1", Deployed(repositories=("acme/shop",), branches=("main",)))
    assert deployment.deployed.environments == ("production",)
    assert not deployment.refusal


@pytest.mark.parametrize(
    "payload",
    [
        {"object_kind": "pipeline", "object_attributes": {"ref": "main", "status": "running"}},
        {"object_kind": "deployment", "status": "failed"},
        {"object_kind": "issue"},
        {},
    ],
)
def test_what_of_gitlab_is_no_reason(payload: dict[str, Any]):
    assert of_gitlab(payload).refusal


@pytest.mark.parametrize(
    ("headers", "identity"),
    [
        ({"Idempotency_Key": "key-1"}, "key-1"),
        ({"Idempotency_Key": "key-1", "webhook_id": "msg-1"}, "msg-1"),
        ({"X_Gitlab_Event_UUID": None}, ""),
    ],
)
def test_gitlabs_delivery_has_several_names(headers: dict[str, str | None], identity: str):
    sent = gitlab({}, identity="uuid-1").with_headers(**headers)

    assert told("gitlab", sent, {}).id == identity


def test_an_event_of_flux():
    said = told("flux", flux(FLUX_EVENT), FLUX_EVENT)

    assert said.deployed == Deployed(applications=("shop", "flux-system/shop"), branches=("main",))
    assert not said.refusal


def test_the_same_event_of_flux_has_the_same_id():
    other = {**FLUX_EVENT, "timestamp": "2026-11-22T12:00:01Z"}

    assert told("flux", flux(FLUX_EVENT), FLUX_EVENT).id == told("flux", flux(FLUX_EVENT), FLUX_EVENT).id
    assert told("flux", flux(FLUX_EVENT), FLUX_EVENT).id != told("flux", flux(other), other).id


def test_a_failure_that_flux_tells_of_is_no_reason():
    assert told("flux", flux({}), {**FLUX_EVENT, "severity": "error"}).refusal


def test_an_event_of_flux_without_its_object_is_refused():
    with pytest.raises(BadInputError, match="involvedObject"):
        told("flux", flux({}), {"severity": "info"})


def test_the_body_of_argocds_template():
    said = told("argocd", argocd(ARGO), ARGO)

    assert said == Told(
        "shop-6c1f",
        Deployed(
            repositories=("acme/shop",),
            branches=("main",),
            applications=("shop",),
            environments=("production",),
            images=("registry.example/shop/web:1.0", "registry.example/shop/db:2"),
        ),
    )


def test_argocd_names_its_application():
    with pytest.raises(BadInputError, match="names no application"):
        told("argocd", argocd({}), {"branch": "main"})


@pytest.mark.parametrize(
    ("repository", "path"),
    [
        ("acme/shop", "acme/shop"),
        ("https://github.com/acme/shop.git", "acme/shop"),
        ("https://user:secret@git.example/a/b/c", "a/b/c"),
        ("git@github.com:acme/shop.git", "acme/shop"),
        ("ssh://git@git.example:2222/acme/shop.git/", "acme/shop"),
        ("https://[bad/acme", ""),
        ("", ""),
    ],
)
def test_a_repository_has_one_name_however_it_is_reached(repository: str, path: str):
    said = told("argocd", argocd({}), {**ARGO, "repository": repository})

    assert said.deployed.repositories == ((path,) if path else ())


def test_standard_webhooks_may_wrap_their_data():
    sent = standard({}, at=0, identity="msg-1")
    flat = told("standard", sent, {"application": "shop", "branch": "refs/heads/main"})
    wrapped = told("standard", sent, {"type": "deployed", "data": {"application": "shop", "branch": "main"}})

    assert flat == wrapped == Told("msg-1", Deployed(applications=("shop",), branches=("main",)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["ref", "repository", "project", "involvedObject", "metadata", "data", "application", "images", "object_kind"]
)


@ANYTHING
@given(kind=st.sampled_from(["github", "gitlab", "argocd", "flux", "standard"]), payload=st.dictionaries(FIELDS, JSON))
def test_whatever_a_payload_holds_it_is_told_or_refused(kind: str, payload: dict[str, Any]):
    headers = {"x-github-event": "push", "x-github-delivery": "1", "webhook-id": "1"}
    try:
        said = read(WebhookKind(kind), Delivery(headers, b"{}"), payload)
    except BadInputError:
        return

    names = [name for names in vars_of(said.deployed) for name in names]
    assert all(isinstance(name, str) and 0 < len(name) <= 2049 for name in names)


def vars_of(deployed: Deployed) -> list[tuple[str, ...]]:
    return [
        deployed.repositories,
        deployed.branches,
        deployed.applications,
        deployed.environments,
        deployed.images,
    ]
