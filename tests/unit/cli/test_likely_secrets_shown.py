"""Likely secrets in clear, as an operator sees them."""

from kubestandby.layout import Action
from kubestandby.requests import Verdict
from kubestandby.snapshots import LikelySecret, SnapshotId
from tests.unit.cli.world import EAST, SHOP, World, outcome_of

FOUND = LikelySecret(object="ConfigMap shop/settings", field="data.db_password", reason="is called like a secret")


def exported(world: World, *fields: str) -> list[str]:
    """The problems of a group whose last export told of these fields."""
    request = world.requests(EAST).submit(SHOP, Action.EXPORT, origin="operator")
    details = {"likely_secrets": list(fields)} if fields else {}
    world.requests(EAST).finish(outcome_of(request, Verdict.DONE, snapshot=SnapshotId(1, 1), details=details))
    return [problem for problem in world.json("status", "shop")["groups"][0]["problems"] if "in clear" in problem]


def test_show_names_object_and_field(world: World) -> None:
    world.crossed("1-1", likely_secrets=(FOUND,))

    shown = world.run("show", "shop", "1-1").stdout

    assert "Likely secrets in clear: move them to Secrets" in shown
    assert "ConfigMap shop/settings" in shown
    assert "data.db_password" in shown
    assert world.json("show", "shop", "1-1")["likelySecrets"][0]["field"] == "data.db_password"


def test_show_has_nothing_to_say_where_none_was_found(world: World) -> None:
    world.crossed("1-1")
    assert "Likely secrets" not in world.run("show", "shop", "1-1").stdout


def test_status_has_one_as_something_to_act_on(world: World) -> None:
    (problem,) = exported(world, str(FOUND))
    assert problem == (
        "east: a likely secret is in clear in snapshot 1-1: ConfigMap shop/settings data.db_password (is called like a"
        " secret); move it to a Secret, or allow it in spec.scan"
    )


def test_status_says_how_many_more_there_are(world: World) -> None:
    (problem,) = exported(world, str(FOUND), "b", "c")
    assert " and 2 more, which `kubestandby show shop` names; move it" in problem


def test_status_has_nothing_to_say_where_none_was_found(world: World) -> None:
    assert exported(world) == []
