"""The part of the corpus that is better made than written: odd strings and numbers everywhere, and large objects."""

import base64
from collections.abc import Sequence
from typing import Any

Manifest = dict[str, Any]

SETTINGS, ACCESS, CUSTOM = "corpus-settings", "corpus-access", "corpus-custom"

WORDS_WITH_MEANING = (
    *("y", "Y", "n", "N", "yes", "No", "on", "OFF", "true", "False", "TRUE", "null", "Null", "NULL", "~", "=", "<<"),
    *("1e3", "1E3", "12e03", "1.", ".5", "+1", "-0", "0o17", "017", "08", "0x1F", "0b11", "1_000", "0.10", "1e400"),
    *("22:22", "190:20:30", "190:20:30.15", "1:2", "2001-01-01", "2001-01-01T00:00:00Z", "2024-13-45"),
    *(".inf", "-.INF", ".nan", "NaN", "9007199254740993", "18446744073709551616", "1" * 400),
)
PUNCTUATION = (
    *("", " ", "  two  ", "-", "--", "---", "...", "- a", "? a", ": a", "a: b", "a:", "#", "# c", "a #b", "a: #"),
    *("!tag", "!!str a", "&anchor", "*alias", "%YAML 1.2", "@", "`", "'", "''", '"', "\\", "\\n", "\\u0041", "\\x41"),
    *("{}", "[]", "{a", "[a", ",", "|", "|-", ">", ">+", "{{ .Values.x }}", "$(A)", "${A}", "%s", "</script>"),
)
WHITE_SPACE = (
    *("\t", "a\tb", "\n", "\n\n", "a\n", "a\n\n", "\na", "a\r\nb\r\n", "\r", "a\rb", " leading", "trailing "),
    *("trailing\t", "line \n trailing \n", "  indented\n more\n", "# looks\n# like comments\n", "\x0b", "\x0c"),
    *("a\u0085b", "\u0085", "a\u2028b", "\u2029", "\ufeff", "a\ufeffb", "\u00a0", "\u200b", "\u3000"),
)
CHARACTERS = (
    *("\x00", "a\x00b", "\x01", "\x1b[31m", "\x7f", "\x80", "\x9f", "\ud7ff", "\ue000", "\ufffd", "\ufffe", "\uffff"),
    *("\U0001f680", "\U0010ffff", "\U0001f468\u200d\U0001f469", "\u00e9", "e\u0301", "\u202eabc", "\u05d0", "\u4e2d"),
)
LONG = ("x" * 5_000, "word " * 1_000, "a: b\n" * 1_000, "\u00e9" * 2_500, " " * 1_100, "x" * 79 + " " + "y" * 80)

STRINGS = (*WORDS_WITH_MEANING, *PUNCTUATION, *WHITE_SPACE, *CHARACTERS, *LONG)

NUMBERS = (
    *(0, -1, 2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)),
    *(0.1, 1.0, -0.0, 1.5, 1e-7, 5e-324, 1.7976931348623157e308, 1e20, 1e21, 2.0**63, 2.0**64, 123456789.12345679),
)


def created() -> list[Manifest]:
    """What is made with `kubectl create`."""
    return [*_odd_strings(STRINGS), *_odd_numbers(), *_long_names(), *_large(), *_many_parts()]


def served() -> list[Manifest]:
    """What is made with a server-side apply: the values again, under another record of who set them.

    But for characters and keys that kubectl cannot send so: what it writes, the server reads as YAML.
    """
    strings = [
        value for value in STRINGS if all(character.isprintable() or character in "\t\n\r" for character in value)
    ]
    again = [*_odd_strings(strings, longest_key=1_000), *_odd_numbers()]
    for manifest in again:
        manifest["metadata"]["name"] += "-served"
    return again


def _odd_strings(strings: Sequence[str], longest_key: int = 10_000) -> list[Manifest]:
    numbered = {f"s{number:03}": value for number, value in enumerate(strings)}
    short = {f"s{number:03}": value for number, value in enumerate(strings) if len(value) < 500}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in numbered.items()}
    return [
        _object("v1", "ConfigMap", SETTINGS, "strings", data=numbered),
        _object("v1", "ConfigMap", SETTINGS, "annotations", annotations=short),
        _object("v1", "Secret", SETTINGS, "strings", data=encoded),
        _note(
            "strings",
            spec={"values": list(strings), "keys": {value: value for value in strings if len(value) < longest_key}},
        ),
        _note("top-level", **{value: value for value in WORDS_WITH_MEANING}),
    ]


def _odd_numbers() -> list[Manifest]:
    empties: list[Any] = [{}, [], None, [{}], [[]], {"a": {}}, {"a": []}, {"a": None}, [None], "", 0, False]
    deep: Any = {"end": []}
    for level in range(90):
        deep = {"down": deep} if level % 3 else [deep]
    return [
        _note("numbers", spec={"list": list(NUMBERS), "fields": {str(number): number for number in NUMBERS}}),
        _note("empties", spec={"list": empties, "fields": {str(place): item for place, item in enumerate(empties)}}),
        _note("deep", spec=deep),
    ]


def _long_names() -> list[Manifest]:
    longest = "n" * 253
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    return [
        _object("v1", "ConfigMap", SETTINGS, longest, data={longest: longest}),
        _object("rbac.authorization.k8s.io/v1", "Role", ACCESS, "\u00e4" * 100, rules=rules),
        _note("a." * 100 + "b"),
    ]


def _large() -> list[Manifest]:
    noise = base64.b64encode(bytes(range(256)) * 3_900).decode()
    text = "".join(f"{number}: the quick brown fox jumps over the lazy dog\n" for number in range(20_000))
    return [
        _object("v1", "ConfigMap", SETTINGS, "large-text", data={"text": text[:1_000_000]}),
        _object("v1", "ConfigMap", SETTINGS, "large-binary", binaryData={"bytes": noise}),
        _object("v1", "ConfigMap", SETTINGS, "large-annotation", annotations={"text": text[:250_000]}),
        _object("v1", "Secret", SETTINGS, "large", data={"bytes": noise}),
        _note("large", spec={"text": text[:1_300_000]}),
    ]


def _many_parts() -> list[Manifest]:
    return [
        _object("v1", "ConfigMap", SETTINGS, "many-keys", data={f"key-{n}": str(n) for n in range(15_000)}),
        _note("many-items", spec={"items": [{"name": f"item-{n}", "value": n} for n in range(10_000)]}),
    ]


def _note(name: str, **fields: Any) -> Manifest:
    return _object("corpus.example.com/v1", "Note", CUSTOM, name, **fields)


def _object(
    api_version: str, kind: str, namespace: str, name: str, annotations: dict[str, str] | None = None, **fields: Any
) -> Manifest:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if annotations:
        metadata["annotations"] = {f"corpus.example.com/{key}": value for key, value in annotations.items()}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
