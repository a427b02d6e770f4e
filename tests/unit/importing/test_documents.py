"""From bytes to manifests: JSON and YAML, lists, and what must be right about each manifest."""

from typing import Any

import pytest

from kubestandby.adapters.manifest_files.documents import read_manifests
from kubestandby.errors import ManifestError

GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"


def read(text: str | bytes) -> list[Any]:
    data = text if isinstance(text, bytes) else text.encode()
    return [item.manifest for item in read_manifests(data, "f")]


def origins(text: str) -> list[str]:
    return [item.origin for item in read_manifests(text.encode(), "f")]


def refusal(text: str | bytes) -> str:
    with pytest.raises(ManifestError) as raised:
        read(text)
    return str(raised.value)


def names(text: str) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in read(text)]


def test_each_manifest_knows_file_and_line() -> None:
    assert origins(f"{GOOD}---\n{GOOD}") == ["f:1", "f:6"]


def test_a_byte_order_mark_at_the_start_is_passed_over() -> None:
    assert len(read(b"\xef\xbb\xbf" + GOOD.encode())) == 1


def test_text_in_another_encoding_is_refused_with_its_line() -> None:
    assert refusal(b"a: 1\nb: \xe9\n") == "f:2: not text in UTF-8; save it as UTF-8, or leave the file out"


def test_json_is_read_document_by_document() -> None:
    one = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "%s"}}'
    assert names(f"\n{one % 'a'}\n\n{one % 'b'}") == ["a", "b"]
    assert origins(f"\n{one % 'a'}\n\n{one % 'b'}") == ["f:2", "f:4"]


def test_yaml_that_starts_with_a_brace_is_read_too() -> None:
    assert names("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n") == ["a"]


def test_json_that_is_broken_is_told_as_json() -> None:
    assert refusal('{"apiVersion": "v1",\n "kind"').startswith("f:2: not JSON: ")


def test_a_duplicate_key_in_json_is_refused_with_its_line() -> None:
    text = '{"a": "x",\n "b": {"a": 1, "c": [{"a": 1}, {"a": 2}]},\n "d": "\\"a\\": 1",\n "a": 2}'
    assert refusal(text) == 'f:4: the key "a" is here twice; leave one out'


def test_numbers_in_json_come_out_as_from_kubectl() -> None:
    data = '"data": {"a": 1.0, "b": 1e3, "c": 1.5, "d": 9223372036854775808}'
    manifest = read(f'{{"apiVersion": "v1", "kind": "X", "metadata": {{"name": "a"}}, {data}}}')[0]
    assert manifest["data"] == {"a": 1, "b": 1000, "c": 1.5, "d": 9223372036854775808.0}
    assert [type(value) for value in manifest["data"].values()] == [int, int, float, float]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "9" * 5000])
def test_numbers_that_no_reader_takes_are_refused(number: str) -> None:
    assert (
        refusal(f'{{"a": {number}}}') == "f:1: a number in this document is larger than JSON readers take; correct it"
    )


def test_json_nested_without_end_is_refused() -> None:
    assert "nested" in refusal('{"a":' * 100_000)


def test_items_of_a_list_are_manifests_of_their_own() -> None:
    item = "- " + GOOD.replace("\n", "\n  ").rstrip(" ")
    text = f"apiVersion: v1\nkind: List\nitems:\n{item}{item}"
    assert names(text) == ["a", "a"]
    assert origins(text) == ["f:4", "f:8"]


def test_items_of_a_typed_list_take_over_what_the_list_says() -> None:
    item = read("apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n")[0]
    assert (item["apiVersion"], item["kind"]) == ("v1", "ConfigMap")


def test_an_empty_list_holds_nothing() -> None:
    assert read("apiVersion: v1\nkind: List\nitems: []\n") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("just text\n", "f:1: no manifest: it is not a mapping; a manifest has apiVersion, kind and metadata"),
        ("kind: A\n", "f:1: no manifest: apiVersion is missing"),
        ("apiVersion: v1\n", "f:1: no manifest: kind is missing"),
        ("apiVersion: 1\nkind: A\n", "f:1: apiVersion is a number and should be text; quote it"),
        ("apiVersion: a/b/c\nkind: A\n", 'f:1: apiVersion "a/b/c" is not GROUP/VERSION'),
        ("apiVersion: v1\nkind: A\n", "f:1: no manifest: metadata is missing, or is not a mapping"),
        ("apiVersion: v1\nkind: A\nmetadata: {}\n", "f:3: no manifest: metadata.name is missing"),
        (
            "apiVersion: v1\nkind: A\nmetadata:\n  name: on\n",
            "f:4: metadata.name is true or false and should be text; quote it",
        ),
        (
            "apiVersion: v1\nkind: A\nmetadata:\n  generateName: a-\n",
            "f:4: generateName and no name: such an object cannot be brought back; give it a name",
        ),
        (f"{GOOD}  labels: [a]\n", "f:5: metadata.labels is a list and should be a mapping"),
        (
            f"{GOOD}  annotations:\n    a: yes\n",
            'f:6: metadata.annotations["a"] is true or false and should be text; quote it',
        ),
        (f"{GOOD}  finalizers: x\n", "f:5: metadata.finalizers is text and should be a list"),
        (f"{GOOD}  ownerReferences:\n  - x\n", "f:6: metadata.ownerReferences[0] should be a mapping"),
        (
            f"{GOOD}  ownerReferences:\n  - kind: A\n    name: a\n",
            "f:6: no manifest: metadata.ownerReferences[0].apiVersion is missing",
        ),
        (f"{GOOD}  namespace: 12\n", "f:5: metadata.namespace is a number and should be text; quote it"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_told_with_field_and_line(text: str, told: str) -> None:
    said = refusal(text)

    assert said.startswith(told)
    assert "; " in said


def test_a_kustomization_gets_the_advice_to_build_it() -> None:
    assert "kubectl kustomize" in refusal("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n")


def test_a_name_beyond_what_the_api_allows_is_refused_without_citing_it() -> None:
    assert refusal(GOOD.replace("name: a", f"name: {'a' * 300}")) == (
        "f:4: metadata.name has 300 characters; the API allows 253"
    )


def test_fields_of_metadata_that_are_null_are_not_there() -> None:
    manifest = read(f"{GOOD}  creationTimestamp: null\n  labels: {{a: null}}\n  namespace: ''\n")[0]
    assert manifest["metadata"] == {"name": "a", "labels": {"a": ""}}


def test_values_of_secrets_are_in_no_message() -> None:
    told = refusal(f"{GOOD}data:\n  password: hunter2\n  password: hunter2\n")
    assert "hunter2" not in told


def listed(*items: str) -> str:
    """A list of manifests in JSON."""
    return f'{{"apiVersion": "v1", "kind": "List", "items": [{", ".join(items)}]}}'


def test_a_list_of_nothing_and_a_list_in_a_list_are_read_as_kubectl_reads_them() -> None:
    one = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}'
    wrong = one.replace('"a"', "1")
    assert names('{"apiVersion": "v1", "kind": "ConfigMapList", "items": null}') == []
    assert names(listed(listed(one), one)) == ["a", "a"]
    assert refusal(listed(listed(wrong))) == "f:1: metadata.name is a number and should be text; quote it"


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("kustomization.yaml", "resources: [a.yaml]\n", "a kustomization; give what it makes: kubectl kustomize DIR"),
        ("Chart.yaml", "apiVersion: v2\nname: shop\n", "a part of a Helm chart; give what it makes: helm template"),
        ("values.yaml", "replicas: 1\n", "a part of a Helm chart"),
    ],
    ids=["kustomization", "chart", "values"],
)
def test_files_of_other_tools_beside_manifests_are_named_with_what_to_give_instead(
    file: str, text: str, words: str
) -> None:
    with pytest.raises(ManifestError) as raised:
        list(read_manifests(text.encode(), f"backup.gz!deploy/{file}"))
    assert str(raised.value).startswith(f"backup.gz!deploy/{file}:1: {words}")


def test_a_manifest_is_one_whatever_its_file_is_called() -> None:
    assert [one.manifest["metadata"]["name"] for one in read_manifests(GOOD.encode(), "values.yaml")] == ["a"]


@pytest.mark.parametrize("name", ["{{ .Release.Name }}-web", "${NAME}", "$(NAME)"])
@pytest.mark.parametrize("field", ["name", "namespace"])
def test_a_template_as_a_name_is_not_taken_for_one(name: str, field: str) -> None:
    other = "namespace: b" if field == "name" else "name: b"
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  {other}\n  {field}: '{name}'\n"
    assert refusal(text) == f'f:5: metadata.{field} is a template, "{name}"; render it first'


@pytest.mark.parametrize("name", [".", "..", "a/b", "50%"])
def test_a_name_that_no_server_takes_is_refused(name: str) -> None:
    text = GOOD.replace("name: a", f"name: '{name}'")
    assert refusal(text) == f'f:4: metadata.name is "{name}", which no server takes as a name; correct it'
