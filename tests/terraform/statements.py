"""Policy statements, read by a real parser."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from oci_lexer_parser import parse_dynamic_group_matching_rules, parse_policy_statements


@dataclass(frozen=True)
class Statement:
    """One statement: who may do what where, and under which conditions.

    Attributes:
        conditions: every left side with the values that it may have.
    """

    text: str
    subject: str
    subject_type: str
    permissions: frozenset[str]
    verb: str
    resource: str
    location_type: str
    location: str
    conditions: Mapping[str, frozenset[str]]


def read(text: str) -> Statement:
    """Raises what the parser raises where it is no statement."""
    payload = parse_policy_statements(text)
    parsed = (payload[0] if isinstance(payload, tuple) else payload)["statements"][0]
    subjects, actions = parsed["subject"]["values"], parsed["actions"]
    is_verb = actions["type"] == "verbs"
    return Statement(
        text=text,
        subject=subjects[0]["label"] if subjects else "",
        subject_type=parsed["subject"]["type"],
        permissions=frozenset() if is_verb else frozenset(actions["values"]),
        verb=actions["values"][0] if is_verb else "",
        resource="".join(parsed["resources"]["values"]),
        location_type=parsed["location"]["type"],
        location="".join(parsed["location"]["values"]),
        conditions=_conditions(parsed.get("conditions")),
    )


def matching_rule(text: str) -> tuple[str, Mapping[str, str]]:
    """The mode of a dynamic group's rule and what it compares."""
    payload = parse_dynamic_group_matching_rules(text)
    rules = (payload[0] if isinstance(payload, tuple) else payload)["rules"]
    assert len(rules) == 1, text
    group = rules[0]["expr"]
    nodes = [item["node"] for item in group["items"]]
    return group["mode"], {node["lhs"]: node["rhs"]["value"] for node in nodes}


def _conditions(condition: Mapping[str, Any] | None) -> Mapping[str, frozenset[str]]:
    """One level of alternatives below `all`, as all of our statements are made; anything deeper is an error."""
    found: dict[str, frozenset[str]] = {}
    for lhs, values in _clauses(condition):
        assert lhs not in found, f"{lhs} twice"
        found[lhs] = values
    return found


def _clauses(condition: Mapping[str, Any] | None) -> Iterator[tuple[str, frozenset[str]]]:
    if condition is None:
        return
    if condition["type"] == "clause":
        yield condition["node"]["lhs"], frozenset({condition["node"]["rhs"]["value"]})
    elif condition["mode"] == "all":
        for item in condition["items"]:
            yield from _clauses(item)
    else:
        nodes = [item["node"] for item in condition["items"]]
        assert len({node["lhs"] for node in nodes}) == 1, "alternatives are of one thing"
        yield nodes[0]["lhs"], frozenset(node["rhs"]["value"] for node in nodes)
