"""Rights and rules, as RBAC counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubestandby.errors import ConfigError
from kubestandby.privileges import HeldRules, Right, Rule, compacted
from kubestandby.rights.handing_out import is_grantable
from kubestandby.rights.subjects import Subject

RIGHTS = st.builds(
    Right,
    verb=st.sampled_from(["get", "list", "watch", "bind"]),
    group=st.sampled_from(["", "apps"]),
    resource=st.sampled_from(["pods", "jobs"]),
    name=st.sampled_from(["", "a", "b"]),
)


def rule(resource: str, *verbs: str, group: str = "", names: tuple[str, ...] = ()) -> Rule:
    return Rule(groups=(group,), resources=(resource,), verbs=verbs, names=names)


@given(st.sets(RIGHTS))
def test_compacted_rules_grant_these_rights_and_no_others(rights: set[Right]):
    held = HeldRules(rules=compacted(rights))
    single = (rule(r.resource, r.verb, group=r.group, names=(r.name,) if r.name else ()) for r in rights)
    wanted = HeldRules(rules=tuple(single))

    every = {
        Right(verb=verb, group=group, resource=resource, name=name)
        for verb in ("get", "list", "watch", "bind")
        for group in ("", "apps")
        for resource in ("pods", "jobs")
        for name in ("", "a", "b", "c")
    }
    assert {right for right in every if held.allows(right)} == {right for right in every if wanted.allows(right)}


@given(st.lists(RIGHTS), st.randoms())
def test_compacting_does_not_depend_on_the_order(rights: list[Right], random: object):
    assert compacted(rights) == compacted(list(reversed(rights)))


@pytest.mark.parametrize(
    ("held", "wanted", "covered"),
    [
        (rule("pods", "get"), rule("pods", "get"), True),
        (rule("pods", "get"), rule("pods", "get", "list"), False),
        (rule("*", "*", group="*"), rule("y", "z", group="x"), True),
        (rule("pods", "get", names=("a",)), rule("pods", "get"), False),
        (rule("pods", "get"), rule("pods", "get", names=("a",)), True),
        (rule("pods", "get"), rule("*", "get"), False),
        (rule("pods", "get"), Rule(urls=("/metrics",), verbs=("get",)), False),
        (Rule(urls=("*",), verbs=("get",)), Rule(urls=("/metrics",), verbs=("get",)), True),
        (rule("*/scale", "update"), rule("deployments/scale", "update"), True),
        (rule("deployments", "update"), rule("deployments/scale", "update"), False),
    ],
    ids=["same", "more-verbs", "all", "by-name", "one-of-all", "wildcard", "path", "all-paths", "all-scales", "sub"],
)
def test_who_may_hand_out_a_rule(held: Rule, wanted: Rule, covered: bool):
    assert HeldRules(rules=(held,)).covers([wanted]) is covered


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("ServiceAccount:dr/kubestandby-restore", "system:serviceaccount:dr:kubestandby-restore"),
        ("User:jane@shop.example", "jane@shop.example"),
        ("Group:ocid1.dynamicgroup.oc1..aaaa", ""),
    ],
)
def test_a_subject_and_the_name_that_a_server_knows_it_by(text: str, user: str):
    subject = Subject.parse(text)

    assert subject.user == user
    assert not user or Subject.of_user(user) == subject


@pytest.mark.parametrize("text", ["", "jane", "User:", "ServiceAccount:alone", "ServiceAccount:/x", "Robot:r2"])
def test_what_is_no_subject_is_refused(text: str):
    with pytest.raises(ConfigError, match="is no subject"):
        Subject.parse(text)


@pytest.mark.parametrize("aggregated", [False, True])
def test_only_who_may_do_everything_may_write_an_aggregated_role(aggregated: bool):
    role = {"kind": "ClusterRole", "metadata": {"name": "sum"}, "rules": [rule("pods", "get").manifest]}
    if aggregated:
        role["aggregationRule"] = {"clusterRoleSelectors": [{}]}
    everything = Rule(groups=("*",), resources=("*",), verbs=("*",)), Rule(urls=("*",), verbs=("*",))

    assert is_grantable(role, HeldRules(rules=everything))
    assert is_grantable(role, HeldRules(rules=everything[:1])) is not aggregated
    assert is_grantable(role, HeldRules(rules=(rule("pods", "get"),))) is not aggregated


@pytest.mark.parametrize(
    ("wanted", "held", "covered"),
    [
        ("/metrics", "/metrics", True),
        ("/healthz/a", "/healthz/*", True),
        ("/healthz/*", "/healthz/*", True),
        ("/healthz", "/healthz/*", False),
        ("/metrics", "/metrics/a", False),
        ("/x", "*", True),
    ],
)
def test_paths_are_covered_by_what_they_begin_with(wanted: str, held: str, covered: bool):
    have = HeldRules(rules=(Rule(urls=(held,), verbs=("get",)),))

    assert have.covers([Rule(urls=(wanted,), verbs=("get",))]) is covered
