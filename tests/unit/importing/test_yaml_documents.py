"""YAML that people wrote: what is read, what is refused, and in which line."""

from typing import Any

import pytest

from kubestandby.adapters.manifest_files.yaml_documents import read_yaml
from kubestandby.errors import ManifestError


def values(text: str) -> list[Any]:
    return [document.value for document in read_yaml(text, "f.yaml")]


def refusal(text: str) -> str:
    with pytest.raises(ManifestError) as raised:
        values(text)
    return str(raised.value)


def test_every_document_is_read_and_empty_ones_are_left_out() -> None:
    assert values("a: 1\n---\n# nothing\n---\n---\nb: [x, y]\n...\n") == [{"a": 1}, {"b": ["x", True]}]


def test_quoted_scalars_stay_text() -> None:
    assert values("""a: "1"\nb: 'on'\nc: |\n  true\nd: >-\n  1e3\n""") == [
        {"a": "1", "b": "on", "c": "true\n", "d": "1e3"}
    ]


def test_plain_keys_become_what_kubectl_makes_of_them() -> None:
    assert values("on: a\n0x10: b\n'on': c\n")[0] == {"true": "a", "16": "b", "on": "c"}


def test_keys_that_come_out_alike_are_duplicates() -> None:
    assert refusal("a: 0\ny: 1\ntrue: 2\n") == 'f.yaml:3: the key "true" is here twice, first in line 2; leave one out'


def test_duplicate_keys_are_refused_with_both_lines() -> None:
    text = "metadata:\n  labels:\n    app: a\n    tier: b\n    app: c\n"
    assert refusal(text) == 'f.yaml:5: the key "app" is here twice, first in line 3; leave one out'


def test_a_duplicate_key_far_down_is_refused_too() -> None:
    assert refusal("a: {b: {c: {d: {e: {f: {g: {h: 1,\n h: 2}}}}}}}}").startswith("f.yaml:2: the key")


@pytest.mark.parametrize("key", ["~", "", "1.10", "1e3", "18446744073709551615"])
def test_keys_that_are_no_words_are_refused(key: str) -> None:
    assert refusal(f"a: 1\n? {key}\n: 2\n") == f'f.yaml:2: the key "{key}" is no word to kubectl; quote it'


def test_a_mapping_as_a_key_is_refused() -> None:
    assert (
        refusal("? {a: 1}\n: 2\n")
        == "f.yaml:1: a mapping or a list as a key; a key is a word, and a template has to be rendered first"
    )


@pytest.mark.parametrize(
    "value", ["!!str 1", "!!binary aGk=", "!secret x", "!!map {a: 1}", "!!python/object:os.system []"]
)
def test_tags_are_refused(value: str) -> None:
    assert (
        refusal(f"a: 1\nb: {value}\n") == "f.yaml:2: tags (!) are not read here; leave it out, and quote what is text"
    )


def test_merge_keys_are_refused_and_quoted_ones_are_words() -> None:
    assert (
        refusal("a: &x {b: 1}\nc:\n  <<: *x\n") == "f.yaml:3: merge keys (<<) are not read here; write the fields out"
    )
    assert values('"<<": 1\n') == [{"<<": 1}]


def test_aliases_repeat_what_is_complete_before_them() -> None:
    assert values("a: &x {b: [1]}\nc: *x\nd: &t on\ne: *t\n") == [
        {"a": {"b": [1]}, "c": {"b": [1]}, "d": True, "e": True}
    ]


def test_an_anchor_on_a_key_names_its_text() -> None:
    assert values("&k on: 1\nb: *k\n") == [{"true": 1, "b": "on"}]


@pytest.mark.parametrize("text", ["a: *x\n", "a: &x [*x]\n", "a: &x 1\n---\nb: *x\n"])
def test_an_alias_of_nothing_or_of_itself_is_refused(text: str) -> None:
    assert "an alias (*) names no anchor that is complete before it" in refusal(text)


def test_an_alias_as_a_key_is_refused() -> None:
    assert refusal("a: &x b\n*x : c\n") == "f.yaml:2: an alias as a key; write the key out"


def test_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    levels = ["l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    levels += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "aliases that multiply" in refusal("\n".join(levels))


def test_aliases_that_nest_too_deeply_are_refused() -> None:
    nested = "[" * 150 + "]" * 150
    assert "aliases that multiply" in refusal(f"a: &a {nested}\nb: {'[' * 100}*a{']' * 100}\n")


def test_two_hundred_thousand_levels_are_refused() -> None:
    assert refusal("a: " + "[" * 200_000).startswith("f.yaml:1: nested deeper than 200 levels")


@pytest.mark.parametrize("number", [".nan", ".inf", "-.INF"])
def test_numbers_that_json_does_not_know_are_refused(number: str) -> None:
    assert refusal(f"a: {number}\n") == f'f.yaml:1: "{number}" is no number that JSON knows; quote it if it is text'


def test_what_is_not_yaml_is_told_with_its_line() -> None:
    assert refusal("a: 1\nb: [1\nc: 2\n").startswith("f.yaml:3: not YAML: ")


def test_a_template_gets_the_advice_to_render_it() -> None:
    assert refusal("a: 1\n{{- if .Values.on }}\n").endswith("render it first, such as with `helm template`")
    assert refusal("a: 1\nname: {{ .Values.name }}\n").endswith("a template has to be rendered first")


def test_a_control_character_is_told_with_its_line() -> None:
    assert refusal("a: 1\nb: x\x00y\n") == (
        "f.yaml:2: not YAML: it holds a character that YAML does not allow; correct this line"
    )


def test_a_byte_order_mark_within_the_file_is_refused() -> None:
    assert refusal("a: 1\n\ufeffb: 2\n") == "f.yaml:2: a byte order mark, on which YAML readers disagree; take it out"


def test_lines_are_remembered_as_far_as_labels_of_items() -> None:
    document = next(read_yaml("items:\n- metadata:\n    labels:\n      app:\n        x\n", "f"))
    assert document.line(("items", 0, "metadata", "labels", "app")) == 4
    assert document.line(("items", 0, "metadata", "annotations")) == 2


def test_a_document_knows_its_first_line() -> None:
    assert [document.first_line for document in read_yaml("# c\na: 1\n---\n\n\nb: 2\n", "f")] == [2, 6]


def test_windows_line_ends_are_line_ends() -> None:
    assert values("a: |\r\n  x\r\n  y\r\nb: 1\r\n") == [{"a": "x\ny\n", "b": 1}]
