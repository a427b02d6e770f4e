from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kubestandby.adapters.kube_discovery import LOOK_AGAIN_SECONDS, discover
from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Discovery

VERBS = ["list", "get", "create"]
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"


def resource(plural: str, kind: str, scope: str = "Namespaced") -> dict[str, Any]:
    subresources = [{"subresource": "status", "responseKind": {"kind": kind}}]
    return {
        "resource": plural,
        "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": scope,
        "verbs": VERBS,
        "subresources": subresources,
    }


def aggregated(**groups: Mapping[str, Any]) -> dict[str, Any]:
    """group=version->resources, in order of preference; None means stale."""
    items = [
        {
            "metadata": {"name": name.replace("_", ".")},
            "versions": [
                {"version": version, "resources": found or [], "freshness": "Current" if found is not None else "Stale"}
                for version, found in versions.items()
            ],
        }
        for name, versions in groups.items()
    ]
    return {"kind": "APIGroupDiscoveryList", "items": items}


def listed(*types: tuple[str, str]) -> dict[str, Any]:
    resources = [{"name": name, "kind": kind, "namespaced": True, "verbs": VERBS} for name, kind in types]
    return {"kind": "APIResourceList", "resources": resources}


CORE = {"kind": "APIGroupDiscoveryList", "items": [{"metadata": {}, "versions": [
    {"version": "v1", "freshness": "Current", "resources": [resource("configmaps", "ConfigMap")]}]}]}  # fmt: skip


def discovered(*looks: Mapping[str, Any], pauses: list[float] | None = None) -> Discovery:
    """What is found in answers that change with each look; the last ones stay."""
    pauses = [] if pauses is None else pauses

    def read(path: str, _: str) -> Mapping[str, Any]:
        answers = looks[min(len(pauses), len(looks) - 1)]
        answer = answers.get(path, ClusterError(f"{path}: 404", status=404, reason="NotFound"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    return discover(read, sleep=pauses.append)


def types(discovery: Discovery) -> list[str]:
    return [f"{type_.gvk.api_version} {type_.plural}" for type_ in discovery.types]


def test_aggregated_discovery_is_read_with_two_requests() -> None:
    found = discovered({"/api": CORE, "/apis": aggregated(apps={"v1": [resource("deployments", "Deployment")]})})

    assert types(found) == ["v1 configmaps", "apps/v1 deployments"]
    assert found.failures == {}


def test_scope_and_verbs_are_read() -> None:
    nodes = [resource("nodes", "Node", "Cluster")]

    type_ = discovered({"/api": CORE, "/apis": aggregated(a_b={"v1": nodes})}).find("a.b", "Node")

    assert type_ is not None
    assert not type_.namespaced
    assert type_.verbs == {"list", "get", "create"}


def test_older_servers_are_asked_group_by_group() -> None:
    group = {
        "name": "apps",
        "versions": [{"version": "v1beta1"}, {"version": "v1"}],
        "preferredVersion": {"version": "v1"},
    }
    found = discovered(
        {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "groups": [group]},
            "/api/v1": listed(("configmaps", "ConfigMap"), ("pods/log", "Pod")),
            "/apis/apps/v1": listed(("deployments", "Deployment"), ("deployments/scale", "Scale")),
            "/apis/apps/v1beta1": listed(("deployments", "Deployment"), ("olds", "Old")),
        }
    )

    assert types(found) == ["v1 configmaps", "apps/v1 deployments", "apps/v1beta1 olds"]
    assert found.served["apps", "Deployment"] == ("v1", "v1beta1")


def test_kind_that_the_preferred_version_lacks_is_taken_from_the_highest_one_that_has_it() -> None:
    versions = {
        "v2": [resource("as", "A")],
        "v1alpha1": [resource("as", "A"), resource("bs", "B")],
        "v1beta1": [resource("bs", "B")],
        "v1beta2": [resource("as", "A"), resource("bs", "B")],
    }

    found = discovered({"/api": CORE, "/apis": aggregated(x={**versions})})

    assert types(found)[1:] == ["x/v2 as", "x/v1beta2 bs"]
    assert found.served["x", "A"] == ("v2", "v1beta2", "v1alpha1")


def test_preferred_version_need_not_be_the_highest() -> None:
    found = discovered(
        {"/api": CORE, "/apis": aggregated(x={"v1": [resource("as", "A")], "v2": [resource("as", "A")]})}
    )

    assert types(found)[1:] == ["x/v1 as"]


def test_stale_group_that_does_not_answer_either_is_a_failure() -> None:
    down = ClusterUnavailableError("x", status=503, reason="ServiceUnavailable")

    found = discovered({"/api": CORE, "/apis": aggregated(down_io={"v1": None}), "/apis/down.io/v1": down})

    assert found.failures == {"down.io/v1": "503 ServiceUnavailable"}
    assert types(found) == ["v1 configmaps"]


def test_stale_group_that_answers_again_is_used() -> None:
    found = discovered({"/api": CORE, "/apis": aggregated(up_io={"v1": None}), "/apis/up.io/v1": listed(("as", "A"))})

    assert found.failures == {}
    assert types(found)[1:] == ["up.io/v1 as"]


def test_group_that_names_no_types_is_a_failure() -> None:
    found = discovered({"/api": CORE, "/apis": aggregated(mute_io={"v1": []}), "/apis/mute.io/v1": listed()})

    assert found.failures == {"mute.io/v1": "its server names no types"}


def test_one_dead_version_of_a_group_is_named() -> None:
    groups = aggregated(x_io={"v1": [resource("as", "A")], "v2": None})

    found = discovered({"/api": CORE, "/apis": groups})

    assert found.failures == {"x.io/v2": "404 NotFound"}
    assert types(found)[1:] == ["x.io/v1 as"]


def test_promised_group_that_discovery_does_not_show_is_a_failure() -> None:
    def promise(group: str, service: Mapping[str, str] | None, status: str) -> dict[str, Any]:
        condition = {"type": "Available", "status": status, "reason": "FailedDiscoveryCheck"}
        return {"spec": {"group": group, "version": "v1", "service": service}, "status": {"conditions": [condition]}}

    service = {"name": "s", "namespace": "n"}
    items = [
        promise("dead.io", service, "False"),
        promise("mute.io", service, "True"),
        promise("local.io", None, "False"),
    ]
    registration = aggregated(apiregistration_k8s_io={"v1": [resource("apiservices", "APIService", "Cluster")]})

    found = discovered({"/api": CORE, "/apis": registration, API_SERVICES: {"items": items}})

    assert found.failures == {
        "dead.io/v1": "its server is not available (FailedDiscoveryCheck)",
        "mute.io/v1": "its server shows no types",
    }


def automanaged(group: str, how: str = "true") -> dict[str, Any]:
    """The APIService that a server makes of a group of its own: of custom kinds with `true`."""
    labels = {"kube-aggregator.kubernetes.io/automanaged": how}
    return {"metadata": {"labels": labels}, "spec": {"group": group, "version": "v1"}}


def serving(promised: Sequence[str], **shown: Mapping[str, Any]) -> dict[str, Any]:
    """A server that shows these groups, and has an APIService for each that it promises."""
    registration = {"v1": [resource("apiservices", "APIService", "Cluster")]}
    items = [automanaged(group) for group in promised]
    shown = {"apiregistration_k8s_io": registration, **shown}
    return {"/api": CORE, "/apis": aggregated(**shown), API_SERVICES: {"items": items}}


def test_custom_kinds_that_are_just_going_are_no_failure() -> None:
    pauses: list[float] = []

    found = discovered(serving(["going.io"]), serving(["going.io"]), serving([]), pauses=pauses)

    assert found.failures == {}
    assert pauses == list(LOOK_AGAIN_SECONDS[:2])


def test_custom_kinds_that_are_just_coming_are_found() -> None:
    shown = {"v1": [resource("orders", "Order")]}

    found = discovered(serving(["coming.io"]), serving(["coming.io"], coming_io=shown))

    assert found.failures == {}
    assert types(found)[-1] == "coming.io/v1 orders"


def test_group_that_goes_away_after_it_was_announced_is_no_failure() -> None:
    def announcing(*groups: Mapping[str, Any]) -> dict[str, Any]:
        return {"/api": CORE, "/apis": {"kind": "APIGroupList", "groups": groups}}

    found = discovered(announcing({"name": "going.io", "versions": [{"version": "v1"}]}), announcing())

    assert found.failures == {}


def test_what_stays_away_is_a_failure_after_four_looks() -> None:
    pauses: list[float] = []

    found = discovered(serving(["starting.io"]), pauses=pauses)

    assert found.failures == {"starting.io/v1": "its server shows no types"}
    assert pauses == list(LOOK_AGAIN_SECONDS)


def test_a_server_that_is_known_to_be_down_is_not_waited_for() -> None:
    condition = {"type": "Available", "status": "False", "reason": "FailedDiscoveryCheck"}
    down = {
        "spec": {"group": "dead.io", "version": "v1", "service": {"name": "s", "namespace": "n"}},
        "status": {"conditions": [condition]},
    }
    pauses: list[float] = []

    found = discovered({**serving([]), API_SERVICES: {"items": [down]}}, pauses=pauses)

    assert found.failures == {"dead.io/v1": "its server is not available (FailedDiscoveryCheck)"}
    assert pauses == []


def test_custom_kinds_that_a_server_does_not_show_yet_are_a_failure() -> None:
    items = [automanaged("shown.io"), automanaged("starting.io"), automanaged("gone.k8s.io", "onstart")]
    answer = aggregated(
        apiregistration_k8s_io={"v1": [resource("apiservices", "APIService", "Cluster")]},
        shown_io={"v1": [resource("orders", "Order")]},
    )

    found = discovered({"/api": CORE, "/apis": answer, API_SERVICES: {"items": items}})

    assert found.failures == {"starting.io/v1": "its server shows no types"}


def test_api_services_that_may_not_be_listed_are_no_failure() -> None:
    registration = aggregated(apiregistration_k8s_io={"v1": [resource("apiservices", "APIService", "Cluster")]})
    forbidden = ClusterError("x", status=403, reason="Forbidden")

    assert discovered({"/api": CORE, "/apis": registration, API_SERVICES: forbidden}).failures == {}


@pytest.mark.parametrize(
    "error",
    [
        ClusterUnavailableError("unreachable", reason="Unreachable"),
        ClusterError("unauthorized", status=401, reason="Unauthorized"),
    ],
)
def test_cluster_as_a_whole_is_an_error(error: ClusterError) -> None:
    with pytest.raises(ClusterError):
        discovered({"/api": CORE, "/apis": aggregated(x_io={"v1": None}), "/apis/x.io/v1": error})


def test_discovery_that_fails_at_its_root_is_an_error() -> None:
    with pytest.raises(ClusterError):
        discovered({"/api": CORE, "/apis": ClusterError("x", status=403, reason="Forbidden")})


def test_subresources_are_no_types() -> None:
    types_ = discovered({"/api": CORE, "/apis": aggregated(x={"v1": [resource("as", "A")]})}).types

    assert all("/" not in type_.plural for type_ in types_)
