"""What the server has filled in stays when an object is replaced whole; what is ours and no more wanted does not."""

from typing import Any

import pytest

from functions.restore.filling import filled, is_filled_in
from kubestandby.resources import FIELD_MANAGER

Json = dict[str, Any]
DOUBLE = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]


def pod(**spec: Any) -> Json:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}


def live_pod(*ours: str, **spec: Any) -> Json:
    """A live Pod of which we own these fields of the spec."""
    entry = {
        "manager": FIELD_MANAGER,
        "operation": "Update",
        "fieldsV1": {"f:spec": {f"f:{name}": {} for name in ours}},
    }
    made = pod(**spec)
    return {**made, "metadata": {**made["metadata"], "managedFields": [entry]}}


def test_what_the_server_fills_in_stays_as_it_is() -> None:
    live = live_pod("env", env=DOUBLE, nodeName="node-1", selector={"uid": "live"}, volumes=[{"name": "token-x"}])
    anew = pod(env=DOUBLE, selector={"uid": "other"}, volumes=[{"name": "token-y"}])

    assert filled(pod(env=DOUBLE), anew, live) == live


def test_what_the_server_appends_to_a_list_stays() -> None:
    mine = {"name": "mine"}
    anew, live = ([{**mine, "emptyDir": {}}, {"name": f"token-{suffix}"}] for suffix in ("x", "y"))

    assert filled(pod(volumes=[mine]), pod(volumes=anew), live_pod(volumes=live)) == live_pod(volumes=live)


@pytest.mark.parametrize(
    ("desired", "anew", "live"),
    [
        ([1], [1], [1, 2]),
        ([1, 2, 3], [1, 2, 3], [1, 2]),
        ([1], [1, 2, 3], [1, 2]),
    ],
    ids=["longer-than-anew", "shorter", "appended-less"],
)
def test_a_list_of_another_length_becomes_the_desired_one(desired: list[int], anew: Any, live: list[int]) -> None:
    made = filled(pod(args=desired), pod(args=anew), live_pod(args=live))

    assert made is not None
    assert made["spec"]["args"] == desired


def test_what_is_desired_otherwise_is_laid_over() -> None:
    live = live_pod("env", env=DOUBLE, suspend=True, selector={"uid": "live"})
    other = [DOUBLE[0], {"name": "A", "value": "3"}]

    made = filled(pod(env=other, suspend=False), pod(env=other, suspend=False, selector={}), live)

    assert made is not None
    assert made["spec"] == {"env": other, "suspend": False, "selector": {"uid": "live"}}


@pytest.mark.parametrize(
    "more",
    [{"selector": {"app": "web", "more": "x"}}, {"terms": [{"app": "web", "more": "x"}]}, {"more": "x"}],
    ids=["mapping", "element", "field"],
)
def test_what_nobody_wants_and_no_server_would_fill_in_cannot_be_kept(more: Json) -> None:
    wanted = pod(selector={"app": "web"}, terms=[{"app": "web"}])
    live = live_pod(**wanted["spec"])
    live["spec"] |= more

    assert filled(wanted, wanted, live) is None
    assert not is_filled_in(wanted, wanted, live)


def test_an_object_that_the_server_would_make_just_so_is_filled_in() -> None:
    wanted = pod(terms=[{"matchLabelKeys": ["v"], "labelSelector": {}}])
    merged = pod(terms=[{"matchLabelKeys": ["v"], "labelSelector": {"matchExpressions": [{"key": "v"}]}}])

    assert is_filled_in(wanted, merged, live_pod("terms", **merged["spec"], nodeName="node-1"))
    assert not is_filled_in(pod(**wanted["spec"], hostname="new"), merged, live_pod("terms", **merged["spec"]))


def test_what_is_ours_and_no_more_desired_cannot_be_kept() -> None:
    live = live_pod("env", "hostname", env=DOUBLE, hostname="old")

    assert filled(pod(env=DOUBLE), pod(env=DOUBLE), live) is None


def test_what_is_ours_because_the_server_had_defaulted_it_when_we_sent_it_is_no_difference() -> None:
    live = live_pod("env", "dnsPolicy", env=DOUBLE, dnsPolicy="ClusterFirst")

    assert filled(pod(env=DOUBLE), pod(env=DOUBLE, dnsPolicy="ClusterFirst"), live) == live
