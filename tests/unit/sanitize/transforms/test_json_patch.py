"""JSON patch as RFC 6902 has it, merge patch as RFC 7386 has it; errors name operation and path and never a value."""

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.sanitize.changes import changed_fields
from functions.sanitize.json_patch import PatchError, is_same, merged, patched
from kubestandby.transforms import PatchOperation


def op(name: str, path: str, value: Any = None, source: str = "") -> PatchOperation:
    return PatchOperation(op=name, path=tokens(path), source=tokens(source), value=value)


def tokens(pointer: str) -> tuple[str, ...]:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


# (RFC 6902, appendix A: number of the example, document, operation, result)
EXAMPLES = [
    ("A.1 member added", {"foo": "bar"}, op("add", "/baz", "qux"), {"foo": "bar", "baz": "qux"}),
    ("A.2 element added", {"foo": ["bar", "baz"]}, op("add", "/foo/1", "qux"), {"foo": ["bar", "qux", "baz"]}),
    ("A.3 member removed", {"baz": "qux", "foo": "bar"}, op("remove", "/baz"), {"foo": "bar"}),
    ("A.4 element removed", {"foo": ["bar", "qux", "baz"]}, op("remove", "/foo/1"), {"foo": ["bar", "baz"]}),
    ("A.5 replaced", {"baz": "qux", "foo": "bar"}, op("replace", "/baz", "boo"), {"baz": "boo", "foo": "bar"}),
    ("A.6 moved", {"a": {"b": 1, "c": 2}, "d": {}}, op("move", "/d/e", source="/a/b"), {"a": {"c": 2}, "d": {"e": 1}}),
    ("A.7 element moved", {"foo": list("abcd")}, op("move", "/foo/3", source="/foo/1"), {"foo": list("acdb")}),
    ("A.8 tested", {"baz": "qux", "foo": ["a", 2]}, op("test", "/foo/1", 2), {"baz": "qux", "foo": ["a", 2]}),
    ("A.10 nested member", {"foo": "bar"}, op("add", "/child", {"g": {}}), {"foo": "bar", "child": {"g": {}}}),
    ("A.14 escapes", {"/": 9, "~1": 10}, op("test", "/~01", 10), {"/": 9, "~1": 10}),
    ("A.16 list as element", {"foo": ["bar"]}, op("add", "/foo/-", ["abc"]), {"foo": ["bar", ["abc"]]}),
    ("copied", {"a": [1], "b": {}}, op("copy", "/b/c", source="/a"), {"a": [1], "b": {"c": [1]}}),
    ("an add replaces", {"foo": None}, op("add", "/foo", 1), {"foo": 1}),
    ("null is a value", {"foo": 1}, op("replace", "/foo", None), {"foo": None}),
    ("digits are a name in a mapping", {"0": 1}, op("replace", "/0", 2), {"0": 2}),
    ("moved onto itself", {"foo": 1}, op("move", "/foo", source="/foo"), {"foo": 1}),
    ("the whole", {"foo": 1}, op("replace", "", {"bar": 2}), {"bar": 2}),
    ("appended behind the last", [1], op("add", "/1", 2), [1, 2]),
    ("one and one point nought", {"a": 1}, op("test", "/a", 1.0), {"a": 1}),
]


@pytest.mark.parametrize(("name", "document", "operation", "result"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_operations_do_what_the_rfc_says(name: str, document: Any, operation: PatchOperation, result: Any) -> None:
    before = copy.deepcopy(document)

    assert patched(document, [operation]) == result

    assert document == before


IMPOSSIBLE = [
    ("A.9 a test of another value", {"baz": "qux"}, op("test", "/baz", "bar"), "the test fails"),
    ("A.12 no place for it", {"foo": "bar"}, op("add", "/baz/bat", "qux"), "/baz is not there"),
    ("A.15 a string is no number", {"a": 10}, op("test", "/a", "10"), "the test fails"),
    ("true is not 1", {"a": 1}, op("test", "/a", True), "the test fails"),
    ("0 is not false", {"a": False}, op("test", "/a", 0), "the test fails"),
    ("more than is there", {"a": {"b": 1, "c": 2}}, op("test", "/a", {"b": 1}), "the test fails"),
    ("another list", {"a": [1, 2]}, op("test", "/a", [2, 1]), "the test fails"),
    ("nothing to test", {}, op("test", "/a", None), "/a is not there"),
    ("nothing to remove", {}, op("remove", "/a"), "/a is not there"),
    ("nothing to replace", {}, op("replace", "/a", 1), "/a is not there"),
    ("nothing to move", {}, op("move", "/b", source="/a"), "/a is not there"),
    ("nothing to copy", {}, op("copy", "/b", source="/a"), "/a is not there"),
    ("into itself", {"a": {"b": {}}}, op("move", "/a/b/c", source="/a"), "into itself"),
    ("behind the end", [1], op("add", "/2", 1), "the list has 2 places"),
    ("no element", [1], op("remove", "/1"), "the list has 1 places"),
    ("in an empty list", [], op("replace", "/0", 1), "the list has no places"),
    ("the end is no element", [1], op("remove", "/-"), "/- is not there"),
    ("a leading nought", [1, 2], op("replace", "/01", 1), "/01 is not there"),
    ("a negative place", [1, 2], op("replace", "/-1", 1), "/-1 is not there"),
    ("no number", [1, 2], op("replace", "/a", 1), "/a is not there"),
    ("a digit of another script", [1, 2], op("replace", "/\N{ARABIC-INDIC DIGIT ONE}", 1), "is not there"),
    ("below a text", {"a": "b"}, op("add", "/a/b", 1), "/a is neither a mapping nor a list"),
    ("the whole", {"a": 1}, op("remove", ""), "use drop"),
]


@pytest.mark.parametrize(("name", "document", "operation", "says"), IMPOSSIBLE, ids=[row[0] for row in IMPOSSIBLE])
def test_what_cannot_be_done_is_an_error(name: str, document: Any, operation: PatchOperation, says: str) -> None:
    with pytest.raises(PatchError) as caught:
        patched(document, [operation])

    assert says in str(caught.value)


def test_an_error_names_the_operation_and_no_value() -> None:
    with pytest.raises(PatchError) as caught:
        patched({"a": {"password": "s3cret"}}, [op("add", "/b", 1), op("test", "/a/password", "gu3ss")])

    assert str(caught.value) == "operation 1 (test /a/password): the test fails: another value is there"


def test_operations_see_what_those_before_them_did() -> None:
    operations = [op("add", "/a", []), op("add", "/a/-", 1), op("test", "/a/0", 1), op("remove", "/b")]

    assert patched({"b": 2}, operations) == {"a": [1]}


# RFC 7386, appendix A: original, patch, result.
MERGES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("document", "patch", "result"), MERGES)
def test_merging_does_what_the_rfc_says(document: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy(document)

    assert merged(document, patch) == result

    assert document == before


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab0/~"), inner, max_size=3),
    max_leaves=8,
)
POINTERS = st.lists(st.sampled_from([*"ab0/~", "-", "1"]), max_size=3).map(tuple)
OPERATIONS = st.builds(
    PatchOperation,
    op=st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
    path=POINTERS,
    source=POINTERS,
    value=VALUES,
)


@given(VALUES, st.lists(OPERATIONS, max_size=3))
def test_a_patch_changes_no_document_in_place_and_fails_in_one_way_only(
    document: Any, operations: list[PatchOperation]
) -> None:
    before = copy.deepcopy(document)

    with suppress(PatchError):
        patched(document, operations)

    assert is_same(document, before)


@given(VALUES, VALUES)
def test_what_is_added_can_be_tested_and_taken_away_again(document: Any, value: Any) -> None:
    whole = {"doc": document}

    added = patched(whole, [op("add", "/new", value), op("test", "/new", value)])

    assert is_same(patched(added, [op("remove", "/new")]), whole)


@given(VALUES, VALUES)
def test_merging_twice_equals_merging_once(document: Any, patch: Any) -> None:
    once = merged(document, patch)

    assert is_same(merged(once, patch), once)


@given(VALUES, VALUES)
def test_fields_differ_exactly_where_values_do(one: Any, other: Any) -> None:
    assert changed_fields(one, copy.deepcopy(one)) == ()
    assert (changed_fields(one, other) == ()) == is_same(one, other)


def test_values_are_equal_by_what_they_are_and_not_by_which_object_holds_them() -> None:
    def long() -> dict[str, Any]:
        return {"text": "".join(["long "] * 9), "number": 2**70 + 1, "float": 0.5 + 1}

    assert changed_fields(long(), long()) == ()
    assert changed_fields({"a": 1, "b": True}, {"a": 1.0, "b": 1}) == ("/a", "/b")


def test_changed_fields_are_told_as_deep_as_they_go() -> None:
    before = {"a": {"b/c": 1, "d": [1, {"e": 2}]}, "f": [1], "g": 0, "h": 1}
    after = {"a": {"b/c": 2, "d": [1, {"e": 3}]}, "f": [1, 2], "g": False, "i": 1}

    assert changed_fields(before, after) == ("/a/b~1c", "/a/d/1/e", "/f", "/g", "/h", "/i")
