"""Whose call is taken without a signature."""

import pytest

from kubestandby.layout import Function
from kubestandby.runtime.trust import TRUSTED_VARIABLE, is_trusted
from tests.unit.runtime.world import SHOP, World
from tests.unit.webhooks.hooks import STRANGER

HERE = {"Host": "127.0.0.1:8080"}


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_trusted(peer: str):
    assert is_trusted(peer, HERE)


@pytest.mark.parametrize(
    "peer", ["203.0.113.7", "10.0.0.1", "0.0.0.0", "::", "fe80::1%lo", "::ffff:10.0.0.1", "", "localhost", "127.1", "x"]
)
def test_others_are_not(peer: str):
    assert not is_trusted(peer, HERE)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "via", "X-Real-IP", "X-FORWARDED-HOST"])
def test_what_a_proxy_on_this_machine_passes_on_is_not(name: str):
    assert not is_trusted("127.0.0.1", {**HERE, name: "127.0.0.1"})


@pytest.mark.parametrize(
    ("name", "value"), [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "x")]
)
def test_what_a_page_in_a_browser_sends_is_not(name: str, value: str):
    assert not is_trusted("127.0.0.1", {**HERE, name: value})


@pytest.mark.parametrize("host", ["localhost:8080", "LOCALHOST", "[::1]:8080", "127.0.0.1", ""])
def test_names_of_this_machine(host: str):
    assert is_trusted("127.0.0.1", {"Host": host})


@pytest.mark.parametrize("host", ["evil.example:8080", "dr.example", "10.0.0.1", "localhost.evil.example", "[::1", "]"])
def test_a_name_that_only_leads_here_is_not_one(host: str):
    assert not is_trusted("127.0.0.1", {"Host": host})


def test_a_platform_that_checks_is_trusted_where_the_operator_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(TRUSTED_VARIABLE, "1")

    assert is_trusted("10.0.0.1", {"Host": "export.svc", "X-Forwarded-For": "10.0.0.2"})


@pytest.mark.parametrize("value", ["", "0", "false", "no", "maybe"])
def test_nothing_else_makes_a_stranger_trusted(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv(TRUSTED_VARIABLE, value)

    assert not is_trusted("10.0.0.1", HERE)


def test_what_a_gateway_passes_on_is_never_trusted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(TRUSTED_VARIABLE, "1")

    assert not is_trusted("127.0.0.1", {**HERE, "Fn-Intent": "httprequest"})


# what depends on it


@pytest.mark.parametrize(
    ("function", "body"),
    [
        (Function.EXPORT, b'{"action": "export", "group": "shop"}'),
        (Function.EXPORT, b'{"action": "tick"}'),
        (Function.EXPORT, b'{"action": "export", "group": "shop", "origin": "timer"}'),
        (Function.SANITIZE, b'{"action": "sanitize", "group": "shop"}'),
        (Function.RESTORE, b'{"action": "failover", "group": "shop", "to": "west"}'),
    ],
)
def test_a_stranger_can_ask_for_nothing(function: Function, body: bytes):
    world = World()

    answer = world.apps[function].answer("POST", {}, body, peer=STRANGER)

    assert answer.status == 403
    assert all(world.requests(site).requests(SHOP) == () for site in ("east", "west"))


def test_a_stranger_is_not_told_whether_a_group_exists():
    bodies = [b'{"action": "export", "group": "%s"}' % name for name in (b"shop", b"none")]

    answers = [World().apps[Function.EXPORT].answer("POST", {}, body, peer=STRANGER) for body in bodies]

    assert answers[0] == answers[1]


@pytest.mark.parametrize("path", ["/x", "//", "/webhooks", "/index.html"])
def test_calls_are_taken_at_the_root_only(path: str):
    answer = World().apps[Function.EXPORT].answer("POST", {}, b'{"action": "export", "group": "shop"}', path=path)

    assert answer.status == 404
