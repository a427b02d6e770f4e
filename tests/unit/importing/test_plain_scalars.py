"""Unquoted scalars become what kubectl makes of them; tests/properties holds this against the Go parser itself."""

import math

import pytest

from kubestandby.adapters.manifest_files.plain_scalars import json_number, resolve_plain


@pytest.mark.parametrize("text", ["y", "Y", "yes", "YES", "on", "On", "true", "TRUE"])
def test_words_of_yaml_1_1_are_true(text: str) -> None:
    assert resolve_plain(text) is True


@pytest.mark.parametrize("text", ["n", "N", "no", "off", "Off", "false", "False"])
def test_words_of_yaml_1_1_are_false(text: str) -> None:
    assert resolve_plain(text) is False


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_words_for_nothing_are_null(text: str) -> None:
    assert resolve_plain(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("0o17", 15),
        ("017", 15),
        ("0x1F", 31),
        ("0b101", 5),
        ("-0b101", -5),
        ("0b-11", -3),
        ("1_000", 1000),
        ("1_", 1),
        ("9223372036854775807", 2**63 - 1),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_integers_in_all_their_bases(text: str, number: int) -> None:
    assert resolve_plain(text) == number
    assert isinstance(resolve_plain(text), int)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e3", 1000.0),
        ("12e03", 12000.0),
        ("08", 8.0),
        ("1.", 1.0),
        (".5", 0.5),
        (".5_0", 0.5),
        ("18446744073709551616", 2.0**64),
        ("-9223372036854775809", -(2.0**63)),
        ("+9223372036854775808", 2.0**63),
        ("1e-999", 0.0),
    ],
)
def test_floats_and_integers_beyond_64_bits(text: str, number: float) -> None:
    assert resolve_plain(text) == number
    assert isinstance(resolve_plain(text), float)


@pytest.mark.parametrize(
    "text",
    [
        "22:22",
        "2001-01-01",
        "0x",
        "0b2",
        "1e",
        "1e999",
        "-",
        "+",
        ".",
        "..1",
        "_1",
        "1.2.3",
        "0o8",
        "yEs",
        "tRUE",
        "0x1p3",
    ],
)
def test_everything_else_is_text(text: str) -> None:
    assert resolve_plain(text) == text


def test_hexadecimal_beyond_64_bits_is_text() -> None:
    assert resolve_plain("0x1FFFFFFFFFFFFFFFF") == "0x1FFFFFFFFFFFFFFFF"


def test_digits_without_end_are_text_and_cost_nothing() -> None:
    digits = "9" * 5000
    assert resolve_plain(digits) == digits


def test_infinity_and_not_a_number_are_told_apart() -> None:
    assert resolve_plain(".inf") == math.inf
    assert resolve_plain("-.Inf") == -math.inf
    assert math.isnan(float(str(resolve_plain(".NaN"))))


@pytest.mark.parametrize(
    ("number", "afterwards"),
    [
        (1.0, 1),
        (-0.0, 0),
        (1.5, 1.5),
        (2.0**63, 2.0**63),
        (2**63, 2.0**63),
        (-(2.0**63), -(2.0**63)),
        (2**53 + 1, 2**53 + 1),
        (5.129923705616838e16, 51299237056168380),
    ],
)
def test_whole_floats_become_integers_and_large_integers_floats(number: float, afterwards: float) -> None:
    assert json_number(number) == afterwards
    assert type(json_number(number)) is type(afterwards)
