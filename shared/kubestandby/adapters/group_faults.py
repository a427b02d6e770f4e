"""What is wrong with a group's document, in words: the JSON Schema's verdict as one sentence for its author."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from kubestandby.adapters.marked_yaml import MarkedDocument, Path, shown

_KINDS = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    type(None): "empty",
}
_WANTED = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a number",
    "boolean": "true or false",
}


@dataclass(frozen=True, slots=True)
class _Finding:
    """One rule of the schema that does not hold: what it wants, what is given, and whether a key (not a value) is."""

    rule: str
    wanted: Any
    given: Any
    schema: Mapping[str, Any]
    path: Path
    is_name: bool


def first_fault(document: MarkedDocument, schema: Mapping[str, Any]) -> tuple[Path, str] | None:
    """The first thing wrong with the document, by line: the field's path and the sentence. None: nothing is.

    What is missing comes last: a misspelt field explains it.
    """
    errors = Draft202012Validator(dict(schema)).iter_errors(document.value)
    findings = sorted((_finding(error) for error in errors), key=lambda finding: document.line(finding.path))
    findings.sort(key=lambda finding: finding.rule == "required")
    return _fault(findings[0], schema["$defs"]) if findings else None


def field_name(path: Path) -> str:
    """`spec.sites.east.data`, `spec.namespaces[0]`; "the document" for its root."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part[:60]}" for part in path)
    return text.removeprefix(".") or "the document"


def _finding(error: ValidationError) -> _Finding:
    return _Finding(
        rule=str(error.validator),
        wanted=error.validator_value,
        given=error.instance,
        schema=error.schema if isinstance(error.schema, Mapping) else {},
        path=tuple(error.absolute_path),
        is_name="propertyNames" in error.absolute_schema_path,
    )


def _fault(finding: _Finding, definitions: Mapping[str, Any]) -> tuple[Path, str]:
    if finding.rule == "required":
        return finding.path, _missing(finding, definitions)
    sentence = _SENTENCES.get(finding.rule, _not_allowed)(finding)
    unknown = _unknown(finding)
    return ((*finding.path, unknown) if unknown else finding.path), sentence


def _unknown(finding: _Finding) -> str:
    """The field that the form does not know, or the key that is not a name; "" where the error is another."""
    if finding.rule == "additionalProperties":
        return next(str(key) for key in finding.given if key not in finding.schema["properties"])
    if finding.is_name:
        return str(finding.given)
    return ""


def _unknown_field(finding: _Finding) -> str:
    known = list(finding.schema["properties"])
    close = get_close_matches(_unknown(finding), known, n=1)
    advice = f"did you mean {close[0]}?" if close else f"the fields here are {', '.join(known)}"
    return f"there is no such field; {advice}"


def _missing(finding: _Finding, definitions: Mapping[str, Any]) -> str:
    missing = next(name for name in finding.wanted if name not in finding.given)
    about = finding.schema["properties"][missing]
    referred = definitions.get(str(about.get("$ref", "")).rpartition("/")[2], {})
    description = about.get("description") or referred.get("description", "")
    return f"{missing} is missing; write it ({description.rstrip('.')})"


def _wrong_type(finding: _Finding) -> str:
    wanted = _WANTED.get(str(finding.wanted), str(finding.wanted))
    given = _KINDS.get(type(finding.given), "something else")
    if wanted == "text" and isinstance(finding.given, int):
        return f"{shown(str(finding.given).lower())} is {given}, not text; put it in quotes"
    about = _about(finding)
    return f"{given}, where {wanted} belongs" + (f"; write {about}" if about else "")


def _not_allowed(finding: _Finding) -> str:
    about = _about(finding)
    given = "what is given" if _may_be_secret(finding) else shown(finding.given)
    return f"{given} is not allowed here" + (f"; write {about}" if about else "")


def _may_be_secret(finding: _Finding) -> bool:
    """Where a secret's place is told, people write the secret; and URLs may hold a password (RFC 3986, userinfo)."""
    return any(str(part).endswith("From") for part in finding.path) or "@" in str(finding.given)


def _about(finding: _Finding) -> str:
    return str(finding.schema.get("description", "")).rstrip(".")


def _not_one_of(finding: _Finding) -> str:
    choices = [str(choice) for choice in finding.wanted]
    close = get_close_matches(str(finding.given), choices, n=1)
    return f"{shown(finding.given)} is none of {', '.join(choices)}; write {close[0] if close else choices[0]}"


def _not_the_constant(finding: _Finding) -> str:
    wanted = "true" if finding.wanted is True else finding.wanted
    return f"{shown(finding.given)} is not known here; write {wanted}"


def _doubled(finding: _Finding) -> str:
    seen: list[Any] = []
    for item in finding.given:
        if item in seen:
            return f"{shown(item if isinstance(item, str) else item.get('name'))} is in the list twice; leave one out"
        seen.append(item)
    return "something is in the list twice; leave one out"


def _wrong_number(finding: _Finding) -> str:
    return f"{len(finding.given)} of them; write {_about(finding) or 'at least one'}"


def _both_or_neither(finding: _Finding) -> str:
    return f"not one {finding.schema.get('title', 'way to reach it')}; write {_about(finding)}"


def _depends(finding: _Finding) -> str:
    violated = ((name, needed) for name, all_ in finding.wanted.items() if name in finding.given for needed in all_)
    name, needed = next((name, needed) for name, needed in violated if needed not in finding.given)
    return f"{name} without {needed}; write {_about(finding)}"


_SENTENCES = {
    "additionalProperties": _unknown_field,
    "type": _wrong_type,
    "enum": _not_one_of,
    "const": _not_the_constant,
    "uniqueItems": _doubled,
    "minItems": _wrong_number,
    "maxItems": _wrong_number,
    "minProperties": _wrong_number,
    "maxProperties": _wrong_number,
    "oneOf": _both_or_neither,
    "dependentRequired": _depends,
}
