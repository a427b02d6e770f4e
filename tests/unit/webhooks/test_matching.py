"""Which deployments concern a group is configuration."""

import pytest

from kubestandby.events import Deployed
from kubestandby.groups import WebhookMatch
from kubestandby.runtime.webhooks.matching import mismatch

DEPLOYED = Deployed(
    repositories=("acme/shop",),
    branches=("release/1.2",),
    applications=("shop", "flux-system/shop"),
    environments=("production",),
    images=("team/api:1.2.3", "team/web:1"),
)


def test_without_globs_everything_concerns_the_group():
    assert mismatch(WebhookMatch(), Deployed()) == ""


@pytest.mark.parametrize(
    "match",
    [
        WebhookMatch(repositories=("acme/*",)),
        WebhookMatch(branches=("main", "release/*")),
        WebhookMatch(applications=("flux-system/*",)),
        WebhookMatch(environments=("prod*",)),
        WebhookMatch(images=("*/web:?",)),
        WebhookMatch(repositories=("acme/shop",), branches=("release/*",), images=("team/api:*",)),
    ],
)
def test_every_field_that_is_asked_for_is_met(match: WebhookMatch):
    assert mismatch(match, DEPLOYED) == ""


@pytest.mark.parametrize(
    ("match", "field"),
    [
        (WebhookMatch(repositories=("acme",)), "repository"),
        (WebhookMatch(branches=("main",)), "branch"),
        (WebhookMatch(branches=("Release/*",)), "branch"),
        (WebhookMatch(applications=("sho",)), "application"),
        (WebhookMatch(environments=("staging",)), "environment"),
        (WebhookMatch(images=("team/db:*",)), "image"),
        (WebhookMatch(repositories=("acme/*",), branches=("main",)), "branch"),
    ],
)
def test_one_field_that_is_not_met_is_enough(match: WebhookMatch, field: str):
    reason = mismatch(match, DEPLOYED)

    assert reason == f"its {field} is not one of this webhook's"


def test_what_a_delivery_does_not_name_is_not_met():
    reason = mismatch(WebhookMatch(environments=("*",)), Deployed(branches=("main",)))

    assert reason == "it names no environment, and this webhook asks for one"


def test_a_pattern_of_many_stars_takes_no_time():
    pattern = "*a" * 100

    assert mismatch(WebhookMatch(branches=(pattern,)), Deployed(branches=("a" * 1000 + "b",)))
