import json
import math
import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubestandby.errors import FormatError
from kubestandby.manifest_yaml import emit, emit_flow, parse
from kubestandby.yaml_forms import MAX_DEPTH

NORWAY = [
    "y",
    "n",
    "Yes",
    "no",
    "on",
    "OFF",
    "true",
    "False",
    "null",
    "~",
    "",
    "1e3",
    "0o17",
    "017",
    "08",
    "22:22",
    "1_0",
]
NORWAY += [
    "0x1f",
    "12e03",
    ".5",
    "+1",
    "-1",
    ".inf",
    "-.Inf",
    ".nan",
    "2024-13-45",
    "2024-01-01",
    "=",
    "<<",
    "*a",
    "&a",
]
NORWAY += [
    "!t",
    "---",
    "...",
    "- a",
    "a: b",
    "a #b",
    " a",
    "a ",
    "'",
    '"',
    "\\",
    "{}",
    "[]",
    "|",
    ">",
    "%a",
    "@a",
    "`a",
]
HOSTILE = ["\u0085", "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff", "\x00", "\x07", "\x1b", "\x7f", "\x9f", "\xa0"]
HOSTILE += ["\t", "\r", "\n", "\r\n", "a\n b\n", "\U0001f600", "\U0001fffe", "e\u0301", "\u200b", "\ue000"]

characters = st.characters(exclude_categories=("Cs",))
strings = st.one_of(st.text(characters), st.sampled_from(NORWAY + HOSTILE), st.text(st.sampled_from("".join(HOSTILE))))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    strings,
)
values = st.recursive(
    scalars,
    lambda children: st.one_of(st.lists(children, max_size=4), st.dictionaries(strings, children, max_size=4)),
    max_leaves=25,
)
manifests = st.dictionaries(strings, values, max_size=6)


def types_of(value: Any) -> Any:
    """The value with each scalar beside its type, so that 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return {key: types_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [types_of(item) for item in value]
    return type(value), repr(value)


@settings(max_examples=400, deadline=None)
@given(manifests)
@example({text: text for text in NORWAY + HOSTILE})
@example({"a": [NORWAY, {"b": HOSTILE}]})
@example({"f": [1e20, 1e-7, 1.5e300, -0.0, 0.1, 5e-324, 100.0]})
@example({"n": [[], {}, [[]], [{}], [[], [[1]]], {"a": {}}]})
@example({"k" * 161: "long", "\x7f" * 500: {"deep": ["x"]}, "l": [{"q" * 2000: {"m": 1}}]})
def test_parsing_gives_back_what_was_emitted(manifest: dict[str, Any]) -> None:
    again = parse(emit(manifest), "test")

    assert types_of(again) == types_of(manifest)


@settings(max_examples=300, deadline=None)
@given(manifests)
@example({text: text for text in NORWAY + HOSTILE})
@example({"f": [1e20, 1e-7, 1.5e300, -0.0, 0.1, 5e-324, 100.0]})
@example({"k" * 161: "long", "\x7f" * 500: {"deep": ["x"]}, "l": [{"q" * 2000: {"m": 1}}]})
def test_an_ordinary_yaml_reader_reads_the_same(manifest: dict[str, Any]) -> None:
    again = yaml.load(emit(manifest), yaml.CSafeLoader)

    assert types_of(again) == types_of(manifest)


@given(st.dictionaries(st.text(max_size=100), st.text()))
@example({text: text for text in NORWAY + HOSTILE})
def test_flow_form_is_json_and_an_ordinary_yaml_reader_reads_the_same(texts: dict[str, str]) -> None:
    flow = emit_flow(texts)

    assert json.loads(flow) == texts
    assert yaml.load(flow, yaml.CSafeLoader) == texts


@settings(max_examples=200, deadline=None)
@given(manifests)
@example({"f": [1e20, 1e-7, 1.5e300, -0.0, 0.1, 5e-324, 100.0], "n": [[], {}, [[]], [{}]]})
def test_flow_form_holds_what_the_manifest_holds(manifest: dict[str, Any]) -> None:
    assert types_of(json.loads(emit_flow(manifest))) == types_of(manifest)


def test_flow_form_is_broken_into_lines_for_readers_that_hold_back_a_line() -> None:
    longest = max(emit_flow({"metadata": {"labels": {f"app-{n}": "shop" for n in range(100)}}}).splitlines(), key=len)

    assert len(longest) < 40


def test_flow_form_of_many_small_values_is_not_blown_up_beyond_what_a_server_takes() -> None:
    manifest = {"spec": {"deep": {"deeper": {"numbers": [1] * 700_000}}}}

    assert len(emit_flow(manifest)) < 1.5 * (1 << 20)


@settings(max_examples=300, deadline=None)
@given(manifests, st.data())
def test_no_change_of_a_byte_goes_unnoticed(manifest: dict[str, Any], data: st.DataObject) -> None:
    stored = emit(manifest)
    place = data.draw(st.integers(0, len(stored) - 1))
    changed = stored[:place] + data.draw(st.binary(max_size=3)) + stored[place + 1 :]

    try:
        value = parse(changed, "test")
    except FormatError:
        return

    assert emit(value) == changed


@settings(max_examples=400, deadline=None)
@given(manifests, st.data())
def test_no_change_of_lines_goes_unnoticed(manifest: dict[str, Any], data: st.DataObject) -> None:
    lines = emit(manifest).split(b"\n")[:-1]
    here, there = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    changed = data.draw(st.sampled_from(OTHER_LINES))(lines[:here], lines[here], lines[there], lines[here + 1 :])
    text = b"".join(line + b"\n" for line in changed)

    try:
        value = parse(text, "test")
    except FormatError:
        return

    assert emit(value) == text


OTHER_LINES = (
    lambda before, here, there, after: [*before, there, here, *after],
    lambda before, here, there, after: [*before, there, *after],
    lambda before, _here, _there, after: [*before, *after],
    lambda before, here, _there, after: [*before, b"  " + here, *after],
    lambda before, here, _there, after: [*before, here.removeprefix(b"  "), *after],
    lambda before, here, _there, after: [*before, here.replace(b"  ", b"- ", 1), *after],
    lambda before, here, _there, after: [*before, here.replace(b"- ", b"  ", 1), *after],
    lambda before, here, _there, after: [*before, here.partition(b":")[0] + b":", *after],
    lambda before, here, _there, after: [*before, here + b' "x",1', *after],
    lambda before, here, _there, after: [*before, here + b" ", *after],
)


@pytest.mark.parametrize(
    "text",
    [
        '? "{}":\n  a: 1\n'.format("k" * 161),
        'a: "x\nb: y",1\n',
        "a: [1\nb: 2]\nc: 3,4\n",
        "a: 1e20\n",
        "a: 0.00001\n",
        'a: "\x7f"\n',
        "a:\n  - b: 1\n    c: 2\n   d: 3\n",
        "a: {}\n  b: 1\n",
        "a:\nb: 1\n",
        '"\\u0001": 1\nkind: 2\n',
    ],
)
def test_what_is_nearly_canonical_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="is not canonical YAML"):
        parse(text.encode(), "test")


def test_sets_of_fields_are_written_at_their_depth_and_never_for_another_value() -> None:
    fields = {"f:data": {"f:a": {}, ".": {}}}
    manifest = {"fieldsV1": fields, "list": [{"fieldsV1": fields}, {"fieldsV1": {"f:data": None}}]}

    for _ in range(2):
        assert parse(emit(manifest), "test") == manifest
    with pytest.raises(FormatError, match="float"):
        emit({"fieldsV1": {"f:data": math.nan}})


@given(manifests)
def test_order_of_keys_in_memory_does_not_change_the_bytes(manifest: dict[str, Any]) -> None:
    backwards = dict(reversed(manifest.items()))

    assert emit(backwards) == emit(manifest)


def test_keys_beyond_the_cache_are_written_and_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubestandby.yaml_forms.MAX_CACHED_KEYS", 0)
    monkeypatch.setattr("kubestandby.manifest_yaml.MAX_CACHED_KEYS", 0)
    manifest = {"neverSeenBefore": {"y": 1, "": 2}}

    assert parse(emit(manifest), "test") == manifest


def test_form_is_the_one_in_the_documentation() -> None:
    manifest = {
        "spec": {"list": ["a", 1, [True, None], {"b": {}, "a": [1.0]}], "on": "on"},
        "data": {"x": 'say "hi"\n'},
        "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "web"}},
        "kind": "Thing",
        "apiVersion": "example.com/v1",
    }

    assert emit(manifest).decode() == (
        'apiVersion: "example.com/v1"\n'
        'kind: "Thing"\n'
        "metadata:\n"
        "  labels:\n"
        '    app.kubernetes.io/name: "web"\n'
        '  name: "web"\n'
        "data:\n"
        '  x: "say \\"hi\\"\\n"\n'
        "spec:\n"
        "  list:\n"
        '    - "a"\n'
        "    - 1\n"
        "    - - true\n"
        "      - null\n"
        "    - a:\n"
        "        - 1.0\n"
        "      b: {}\n"
        '  "on": "on"\n'
    )


def test_what_yaml_calls_not_printable_is_escaped_and_the_rest_is_not() -> None:
    value = "\x00\t\n\r\x1b\x7f\x85\x9f\xa0é\u2028\u2029\ufeff\uffff\U0001f600"

    assert emit({"a": value}).decode() == (
        'a: "\\u0000\\t\\n\\r\\u001b\\u007f\\u0085\\u009f\xa0é\\u2028\\u2029\\ufeff\\uffff\U0001f600"\n'
    )


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"\n",
        b"a: 1",
        b"a: 1\n\n",
        b"a: 1\nb: 2\na: 3\n",
        b"b: 1\na: 2\n",
        b"a: 01\n",
        b"a: 1e3\n",
        b"a: text\n",
        b"a: 'text'\n",
        b"a:  1\n",
        b"a: 1 \n",
        b"a: 1 # note\n",
        b"# note\na: 1\n",
        b"---\na: 1\n",
        b"a: 1\n...\n",
        b"a: 1\r\n",
        b"\xef\xbb\xbfa: 1\n",
        b'a: "\\/"\n',
        b'a: "\\u0041"\n',
        b'a: "\x7f"\n',
        b'a: "\xff"\n',
        b'a: "\\ud800"\n',
        b'"a": 1\n',
        b"y: 1\n",
        b"a: {b: 1}\n",
        b'a: {"b":1}\n',
        b"a: [1]\n",
        b"a: NaN\n",
        b"a: &x 1\nb: *x\n",
        b"a: !!str 1\n",
        b"<<: 1\n",
        b"a: |\n  text\n",
        b"a:\n   b: 1\n",
        b"a:\n b: 1\n",
        b"a:\n    b: 1\n",
        b"  a: 1\n",
        b"\ta: 1\n",
        b"a:\n- 1\n",
        b"- 1\n",
        b"1\n",
        b'"a"\n',
        b"a:\n",
        b"a:\nb: 1\n",
        b"a: 1\n  b: 2\n",
        b"a:\n  - 1\n  b: 2\n",
        b"a:\n  b: 2\n  - 1\n",
        b"a:\n  -\n",
        b"a:\n  - \n",
        b"a: 18446744073709551616\n",
        b"a: 1,2\n",
        b'a: "x\nb: y"\n',
        b"a: 1,2\nb:\n",
        b"? a\n: 1\n",
    ],
)
def test_any_other_form_is_refused(stored: bytes) -> None:
    with pytest.raises(FormatError, match=r"^the file is not canonical YAML"):
        parse(stored, "the file")


@pytest.mark.parametrize(
    ("stored", "line"), [(b"a: 1\nb: x\n", 2), (b"a: 1\nb: 2\nb: 3\n", 2), (b'b: 1\nc: "\\u0041"\n', 2)]
)
def test_the_error_names_the_line(stored: bytes, line: int) -> None:
    with pytest.raises(FormatError, match=f"line {line} "):
        parse(stored, "the file")


def test_no_error_cites_data() -> None:
    with pytest.raises(FormatError) as caught:
        parse(b'password: hunter2"\n', "the file")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        "a\udfff",
        math.nan,
        math.inf,
        2**64,
        -(2**63) - 1,
        pytest.param(10**5000, id="an integer of 5,001 digits"),
        b"x",
        (1,),
        {1},
        {1: "a"},
        {"a": 1, 2: 3},
        {"\ud800": 1},
    ],
)
def test_what_json_cannot_express_is_refused(value: Any) -> None:
    with pytest.raises(FormatError):
        emit({"a": value})


@pytest.mark.parametrize("key", [1, None, True, b"a", "\udc00"])
def test_keys_at_the_top_are_checked_too(key: Any) -> None:
    with pytest.raises(FormatError):
        emit({key: 1})


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}])
def test_nesting_is_bounded_both_ways(wrap: Any) -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH - 1):
        value = wrap(value)
    allowed = {"a": value}
    assert parse(emit(allowed), "test") == allowed

    with pytest.raises(FormatError, match="nested deeper"):
        emit({"a": wrap(wrap(value))})


@pytest.mark.parametrize(
    "bomb",
    [b"a:\n" + b"- " * 1_000_000 + b"1\n", b"a: " + b"[" * 1_000_000 + b"\n", b" " * 10**6],
    ids=["dashes", "brackets", "spaces"],
)
def test_deep_nesting_in_a_file_is_refused(bomb: bytes) -> None:
    with pytest.raises(FormatError):
        parse(bomb, "the bomb")


@pytest.mark.parametrize("piece", ["x", "\n", '"', "\\", "é", "\U0001f600", "\x00", "\u2028"])
def test_strings_of_megabytes_survive(piece: str) -> None:
    manifest = {"data": {"big": piece * 600_000}}

    assert parse(emit(manifest), "test") == manifest


def test_a_hostile_file_of_quotes_takes_no_more_than_linear_time() -> None:
    started = time.process_time()

    for hostile in (
        b'a: "' + b"\\" * 2_000_000,
        b'"' * 2_000_000 + b"\n",
        b'"\\' * 1_000_000 + b"\n",
        b"a" * 2_000_000,
    ):
        with pytest.raises(FormatError):
            parse(hostile, "the file")

    assert time.process_time() - started < 10
