import time
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from kubestandby.adapters import kube_cluster
from kubestandby.adapters.kube_cluster import connect
from kubestandby.adapters.kube_http import Reply, ReplyTooLargeError
from kubestandby.errors import ClusterError, ConfigError, ListExpiredError
from kubestandby.groups import ClusterAccess
from kubestandby.resources import GVK, ObjectRef, ResourceType
from tests.unit.export.scripted import Line, ok, refusal

CONFIG_MAPS = ResourceType(GVK("", "v1", "ConfigMap"), "configmaps", namespaced=True)
ROLES = ResourceType(GVK("rbac.authorization.k8s.io", "v1", "ClusterRole"), "clusterroles", namespaced=False)
CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "shop"},
    "data": {"k": "v"},
}


def page(*names: str, token: str = "", version: str = "7", **rest: Any) -> Reply:
    items = [{"metadata": {"name": name}} for name in names]
    return ok(
        {"kind": "ConfigMapList", "metadata": {"resourceVersion": version, "continue": token}, "items": items, **rest}
    )


def names_of(line: Line) -> list[str]:
    return [
        item["metadata"]["name"] for page in line.cluster.pages(CONFIG_MAPS, namespace="shop") for item in page.items
    ]


def test_pages_follow_the_continue_token() -> None:
    line = Line(page("a", "b", token="t1"), page("c"))

    assert names_of(line) == ["a", "b", "c"]
    assert [call.query for call in line.sender.calls] == [(("limit", "500"),), (("limit", "500"), ("continue", "t1"))]
    assert line.sender.calls[0].path == "/api/v1/namespaces/shop/configmaps"


def test_next_page_is_on_its_way_while_the_caller_looks_at_one() -> None:
    line = Line(page("a", token="t"), page("b"))

    next(line.cluster.pages(CONFIG_MAPS))

    deadline = time.monotonic() + 10
    while len(line.sender.calls) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert ("continue", "t") in line.sender.calls[1].query


def test_items_carry_api_version_and_kind() -> None:
    item = next(Line(page("a")).cluster.pages(CONFIG_MAPS)).items[0]

    assert (item["apiVersion"], item["kind"]) == ("v1", "ConfigMap")


def test_label_selector_is_passed_on() -> None:
    line = Line(page())

    list(line.cluster.pages(CONFIG_MAPS, label_selector="a=b"))

    assert ("labelSelector", "a=b") in line.sender.calls[0].query


def test_empty_list_may_be_null() -> None:
    assert names_of(Line(ok({"kind": "ConfigMapList", "metadata": {}, "items": None}))) == []


def test_definition_may_give_its_lists_any_kind() -> None:
    body = {"apiVersion": "example.com/v1", "kind": "WidgetCollection", "metadata": {}, "items": [{"metadata": {}}]}
    widgets = ResourceType(GVK("example.com", "v1", "Widget"), "widgets", namespaced=True)

    [page] = Line(ok(body)).cluster.pages(widgets)

    assert page.items == [{"metadata": {}, "apiVersion": "example.com/v1", "kind": "Widget"}]


@pytest.mark.parametrize("body", [{"kind": "ConfigMapList"}, {"kind": "Table", "items": []}, {"items": []}, {}])
def test_body_that_is_no_list_is_an_error_and_never_an_empty_list(body: dict[str, Any]) -> None:
    with pytest.raises(ClusterError, match="the server's answer is not a list"):
        names_of(Line(ok(body)))


def test_expiry_midway_is_told_to_the_caller() -> None:
    with pytest.raises(ListExpiredError):
        names_of(Line(page("a", token="t"), refusal(410, "Expired")))


def test_list_that_changes_its_version_midway_has_to_start_again() -> None:
    with pytest.raises(ListExpiredError, match="changed its resourceVersion"):
        names_of(Line(page("a", token="t", version="7"), page("b", version="8")))


def test_server_that_repeats_a_page_for_ever_is_an_error() -> None:
    with pytest.raises(ClusterError, match="repeats a page"):
        names_of(Line(page("a", token="t")))


def test_page_that_is_too_large_is_asked_for_in_smaller_pieces() -> None:
    line = Line(ReplyTooLargeError(), page("a"))

    assert names_of(line) == ["a"]
    assert line.sender.calls[1].query == (("limit", "62"),)


def test_single_object_may_be_as_large_as_it_likes() -> None:
    line = Line(*[ReplyTooLargeError()] * 3, page("a"))

    names_of(line)

    assert line.sender.calls[-1].query == (("limit", "1"),)
    assert line.sender.calls[-1].max_bytes == 0


def test_large_objects_make_the_next_pages_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    first = page("a", token="t")
    monkeypatch.setattr(kube_cluster, "WANTED_PAGE_BYTES", len(first.body) // 4)
    line = Line(first, page("b"))

    names_of(line)

    assert 100 < int(dict(line.sender.calls[1].query)["limit"]) <= 125


def test_object_that_is_not_there_is_none() -> None:
    assert Line(refusal(404, "NotFound")).cluster.get(CONFIG_MAPS, "shop", "a") is None


def test_object_that_may_not_be_read_is_an_error() -> None:
    with pytest.raises(ClusterError):
        Line(refusal(403, "Forbidden")).cluster.get(CONFIG_MAPS, "shop", "a")


def test_names_are_percent_encoded_in_paths() -> None:
    line = Line(ok({"metadata": {}}))

    line.cluster.get(ROLES, "", "system:node")

    assert line.sender.calls[0].path.endswith("/clusterroles/system%3Anode")


@pytest.mark.parametrize("name", ["..", ".", "a/b", "../secrets/x", "a%2Fb"])
def test_name_that_would_leave_its_path_is_refused_unsent(name: str) -> None:
    line = Line(ok({}))

    with pytest.raises(ClusterError, match="cannot be the name of an object"):
        line.cluster.get(CONFIG_MAPS, "shop", name)
    assert line.sender.calls == []


def test_apply_is_strict_and_says_who_and_by_force() -> None:
    line = Line(ok(CONFIG_MAP))

    line.cluster.apply(CONFIG_MAPS, CONFIG_MAP, dry_run=True)

    call = line.sender.calls[0]
    assert (call.method, call.path) == ("PATCH", "/api/v1/namespaces/shop/configmaps/a")
    assert call.content_type == "application/apply-patch+yaml"
    assert dict(call.query) == {
        "fieldManager": "kubestandby",
        "fieldValidation": "Strict",
        "dryRun": "All",
        "force": "true",
    }
    assert orjson.loads(call.body) == CONFIG_MAP


@pytest.mark.parametrize(
    "text", ["a\x7fb", "a\u0085b", "a\u2028b", "\ufeffa", "a\uffff", "a\x00b", "\U0001f680 \u00e9"]
)
def test_applied_text_is_the_same_to_a_reader_of_yaml(text: str) -> None:
    line = Line(ok(CONFIG_MAP))

    line.cluster.apply(CONFIG_MAPS, CONFIG_MAP | {"data": {"k": text}})

    assert yaml.safe_load(line.sender.calls[0].body)["data"] == {"k": text}


def test_apply_that_the_server_cannot_read_is_sent_once_more_in_block_style() -> None:
    long_key = CONFIG_MAP | {"data": {"k" * 2000: "v"}}
    line = Line(refusal(400, "BadRequest", "error decoding YAML: did not find expected ',' or '}'"), ok(CONFIG_MAP))

    line.cluster.apply(CONFIG_MAPS, long_key)

    assert yaml.safe_load(line.sender.calls[1].body) == long_key


def test_apply_that_is_refused_otherwise_is_sent_once() -> None:
    line = Line(refusal(400, "BadRequest", "strict decoding error: unknown field"), ok(CONFIG_MAP))

    with pytest.raises(ClusterError, match="unknown field"):
        line.cluster.apply(CONFIG_MAPS, CONFIG_MAP)


def test_apply_without_force_does_not_say_so() -> None:
    line = Line(ok(CONFIG_MAP))

    line.cluster.apply(CONFIG_MAPS, CONFIG_MAP, force=False, manager="other")

    assert dict(line.sender.calls[0].query) == {"fieldManager": "other", "fieldValidation": "Strict"}


def test_create_posts_to_the_collection() -> None:
    line = Line(ok(CONFIG_MAP))

    line.cluster.create(CONFIG_MAPS, CONFIG_MAP)

    assert (line.sender.calls[0].method, line.sender.calls[0].path) == ("POST", "/api/v1/namespaces/shop/configmaps")


def test_replace_puts_the_object() -> None:
    line = Line(ok(CONFIG_MAP))

    line.cluster.replace(CONFIG_MAPS, CONFIG_MAP)

    assert (line.sender.calls[0].method, line.sender.calls[0].path) == ("PUT", "/api/v1/namespaces/shop/configmaps/a")


def test_delete_is_of_one_uid_and_in_the_background() -> None:
    line = Line(ok({}))

    line.cluster.delete(CONFIG_MAPS, ObjectRef.of(CONFIG_MAP), uid="u1")

    options = orjson.loads(line.sender.calls[0].body)
    assert options == {"propagationPolicy": "Background", "preconditions": {"uid": "u1"}}


@pytest.mark.parametrize("status", [404, 409])
def test_object_that_is_gone_already_is_deleted(status: int) -> None:
    Line(refusal(status)).cluster.delete(CONFIG_MAPS, ObjectRef.of(CONFIG_MAP), uid="u1")


def test_refused_write_names_the_object_and_holds_no_value() -> None:
    causes = [{"field": "data.k", "message": 'Invalid value: "hunter2": too long'}]

    with pytest.raises(ClusterError) as raised:
        Line(refusal(422, "Invalid", "hunter2", causes=causes)).cluster.apply(CONFIG_MAPS, CONFIG_MAP)
    assert str(raised.value).startswith("ConfigMap shop/a: cluster of site east")
    assert str(raised.value).endswith("answered 422 Invalid: data.k: Invalid value: too long")


def test_identity_is_the_uid_of_kube_system() -> None:
    line = Line(ok({"metadata": {"uid": "u1"}}), ok({"gitVersion": "v1.34.4"}))

    identity = line.cluster.identity()

    assert (identity.uid, identity.version) == ("u1", "v1.34.4")


def test_identity_that_may_not_be_read_is_explained() -> None:
    with pytest.raises(ClusterError, match="grant get on it: its UID tells one cluster from another"):
        Line(refusal(403, "Forbidden")).cluster.identity()


GOOD = """
apiVersion: v1
kind: Config
current-context: east
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: hunter2}}]
contexts: [{name: east, context: {cluster: c, user: u}}, {name: lame, context: {cluster: c, user: nobody}}]
"""


@pytest.mark.parametrize(
    ("text", "context", "words"),
    [
        (None, "", "there is no file"),
        ("", "", "not a kubeconfig"),
        ("hunter2: [", "", "not YAML"),
        ("- hunter2", "", "not a kubeconfig"),
        (GOOD, "west", "no context 'west' in the file; its contexts are: east, lame"),
        (GOOD, "lame", "names the user 'nobody', which the file does not have"),
        (GOOD.replace("current-context: east", ""), "", "set cluster.context to one of: east, lame"),
        (GOOD.replace("name: c,", "name: d,"), "", "names the cluster 'c', which the file does not have"),
    ],
)
def test_kubeconfig_that_is_wrong_is_explained_and_nothing_of_it_is_repeated(
    tmp_path: Path, text: str | None, context: str, words: str
) -> None:
    path = tmp_path / "kubeconfig"
    if text is not None:
        path.write_text(text)

    with pytest.raises(ConfigError, match=f"cluster of site east \\(kubeconfig {path}.*{words}") as raised:
        connect(ClusterAccess(kubeconfig=path, context=context), site="east")
    assert "hunter2" not in str(raised.value)


def test_credentials_that_are_not_base64_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(GOOD.replace("token: hunter2", "client-key-data: 'hunter'").replace("http:", "https:"))

    with pytest.raises(ConfigError, match="its credentials are not base64"):
        connect(ClusterAccess(kubeconfig=path), site="east")


@pytest.mark.parametrize("server", ["https://", "http://a:port"])
def test_server_that_is_no_url_is_explained(tmp_path: Path, server: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(GOOD.replace("http://127.0.0.1:1", server))

    with pytest.raises(ConfigError, match="its server is not the URL of an API server"):
        connect(ClusterAccess(kubeconfig=file), site="east")


def test_access_from_inside_a_cluster_outside_of_one_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    with pytest.raises(ConfigError, match=r"cluster of site east \(from inside it\) cannot be set up"):
        connect(ClusterAccess(in_cluster=True), site="east")


def test_site_without_a_kubeconfig_is_explained() -> None:
    with pytest.raises(ConfigError, match=r"has no kubeconfig; set cluster\.kubeconfig"):
        connect(ClusterAccess(), site="east")


def test_connecting_sends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(GOOD)

    assert connect(ClusterAccess(kubeconfig=path, context="east"), site="east") is not None
