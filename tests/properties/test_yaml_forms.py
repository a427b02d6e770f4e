"""Invariant 2: what we write, every reader reads as what it was; what others wrote, we read as kubectl does."""

import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from kubestandby import manifest_yaml
from kubestandby.adapters.manifest_files.yaml_documents import read_yaml
from kubestandby.errors import ManifestError
from tests.properties.go_yaml import GoYaml
from tests.properties.values import TREACHEROUS, mappings, numbers_of_go, scalars, texts, typed, values

EVERYTHING = {text: {text: [text, {"a": text}]} for text in TREACHEROUS}


@given(mappings)
@example(EVERYTHING)
def test_what_is_written_is_read_back_as_it_was(mapping: dict[str, Any]) -> None:
    written = manifest_yaml.emit(mapping)
    assert typed(manifest_yaml.parse(written, "f")) == typed(mapping)
    assert manifest_yaml.emit(manifest_yaml.parse(written, "f")) == written


@given(mappings)
@example(EVERYTHING)
def test_pyyaml_reads_what_was_written(mapping: dict[str, Any]) -> None:
    assert typed(yaml.load(manifest_yaml.emit(mapping), Loader=yaml.CSafeLoader)) == typed(mapping)


@given(mapping=mappings)
@example(mapping=EVERYTHING)
def test_kubernetes_reads_what_was_written(go_yaml: GoYaml, mapping: dict[str, Any]) -> None:
    reading = go_yaml.read(manifest_yaml.emit(mapping))
    assert reading.error == ""
    assert typed(numbers_of_go(reading.documents)) == typed([numbers_of_go(mapping)])


@given(mapping=mappings)
@example(mapping=EVERYTHING)
def test_the_reader_of_files_reads_what_was_written(mapping: dict[str, Any]) -> None:
    read = [document.value for document in read_yaml(manifest_yaml.emit(mapping).decode(), "f")]
    assert typed(read) == typed([numbers_of_go(mapping)])


# what others wrote

plain_scalars = st.one_of(
    st.text("0123456789+-._eExXoObBaAfFyYnN~:'#/ ", max_size=8),
    st.from_regex(re.compile(r"[-+]?(0[xXoObB])?[0-9a-f_]{1,22}(\.[0-9_]*)?([eE][-+]?[0-9]{1,4})?"), fullmatch=True),
    st.sampled_from(TREACHEROUS),
)
frames = st.sampled_from(["a: %s\n", "- %s\n", "{a: %s}\n", "[%s]\n", "- a:\n    - %s\n", "%s: b\n", "{? %s : b}\n"])
lines = st.lists(
    st.one_of(
        st.text(" \n-:#'\"{}[],|>%@`ab1.\t\\", max_size=12),
        st.sampled_from(
            ["- a", "  b: 1", "c: |", "   text", "d: >-", "\"e\": 'f'", "---", "...", "# g", "h: {i: [j, k]}"]
        ),
    ),
    max_size=8,
)
styles = st.sampled_from([None, "'", '"', "|", ">"])


def ours(text: str) -> list[Any] | None:
    """What we read; None where we refuse."""
    try:
        return [document.value for document in read_yaml(text, "f")]
    except ManifestError:
        return None


def agrees(go_yaml: GoYaml, text: str) -> None:
    """We may refuse what kubectl reads, and never read it as anything else. What kubectl refuses does not matter."""
    found = ours(text)
    if found is None:
        return
    reading = go_yaml.read(text)
    if not reading.error:
        assert typed(numbers_of_go(reading.documents)) == typed(found)


@given(plain=plain_scalars, frame=frames)
def test_unquoted_scalars_are_read_as_kubectl_reads_them(go_yaml: GoYaml, plain: str, frame: str) -> None:
    if "\0" not in plain:
        agrees(go_yaml, frame % plain)


@pytest.mark.parametrize("plain", [text for text in TREACHEROUS if "\0" not in text])
def test_treacherous_scalars_are_read_as_kubectl_reads_them(go_yaml: GoYaml, plain: str) -> None:
    for frame in ("a: %s\n", "- %s\n", "{a: %s}\n", "%s: b\n"):
        agrees(go_yaml, frame % plain)


@given(parts=lines)
def test_texts_of_any_form_are_read_as_kubectl_reads_them(go_yaml: GoYaml, parts: list[str]) -> None:
    agrees(go_yaml, "\n".join(parts) + "\n")


@given(value=values, style=styles, flow=st.sampled_from([None, True, False]), width=st.sampled_from([10, 80, 5000]))
def test_what_another_program_wrote_is_read_as_kubectl_reads_it(
    go_yaml: GoYaml, value: Any, style: str | None, flow: bool | None, width: int
) -> None:
    text = yaml.safe_dump(value, default_style=style, default_flow_style=flow, width=width, allow_unicode=True)
    agrees(go_yaml, text)


@given(mapping=st.dictionaries(texts, scalars, max_size=6))
def test_what_kubectl_reads_of_quoted_text_we_read_too(go_yaml: GoYaml, mapping: dict[str, Any]) -> None:
    """No lazy agreement by refusing: text in double quotes is always read."""
    text = yaml.safe_dump(mapping, default_style='"')
    if "!!" not in text:
        assert ours(text) is not None
