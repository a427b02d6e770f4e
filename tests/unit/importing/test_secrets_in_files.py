"""Secrets in files that cannot be imported: what is wrong is told, and nothing of the value, wherever it stands."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest

from kubestandby.cli.reading_files import read_files
from kubestandby.errors import StandbyError
from kubestandby.import_payload import PayloadWriter
from kubestandby.requests import Verdict
from tests.e2e.canary.canaries import Canaries, Finder
from tests.fakes.fake_clock import FakeClock
from tests.fakes.keys import recipients
from tests.unit.importing.importing import SHOP, ImportWorld, of_kind

CANARIES = Canaries.hatch()
FINDER = Finder.of(CANARIES, {})
VALUE = CANARIES.at("value")
ENCODED = base64.b64encode(VALUE.encode()).decode()


def secret(**fields: Any) -> dict[str, Any]:
    return of_kind("v1", "Secret", "till", **fields)


def stored(world: ImportWorld) -> list[str]:
    """Where canaries are in any bucket of either site."""
    found = []
    for name, store in world.stores.items():
        for key, data in store.objects.items():
            found += [str(one) for one in FINDER.sightings(f"{name} {key}", data)]
    return found


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stringdata": {"password": VALUE}}, "Secret shop/till: a Secret has no field stringdata"),
        ({"spec": {"password": VALUE}}, "a Secret has no field spec"),
        ({"sealed": VALUE}, "a Secret has no field sealed"),
        ({"metadata": {"password": VALUE}}, r"a Secret has no field metadata\.password"),
        ({"data": {"password": VALUE}}, r"data\.password is not base64; encode it, or move it to stringData"),
        ({"data": {"password": ENCODED[:-1] + "!"}}, r"data\.password is not base64"),
        ({"data": {"password": [ENCODED]}}, "of another type than the API's"),
        ({"data": [ENCODED]}, "of another type than the API's"),
        ({"stringData": {"password": VALUE, "port": 80}}, r"stringData\.port is no text; quote it"),
        ({"stringData": [VALUE]}, "of another type than the API's"),
        ({"metadata": {"annotations": [VALUE]}}, "annotations are not a mapping|of another type than the API's"),
    ],
)
def test_a_secret_that_no_server_takes_is_refused_and_nothing_of_it_is_told_or_kept(
    fields: dict[str, Any], words: str
) -> None:
    world = ImportWorld()

    outcome = world.import_(secret(**fields))

    assert outcome.verdict is Verdict.FAILED
    assert re.search(words, outcome.message)
    assert FINDER.sightings("outcome", repr(outcome).encode()) == []
    assert stored(world) == []


HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}stringData: {{password: '{VALUE}'",
        f"{HEAD}stringData:\n  a: '{VALUE}'\n  a: '{VALUE}'\n",
        f"{HEAD}stringData: {{a: !!binary '{VALUE}'}}\n",
        f"{HEAD}stringData: {{a: !{CANARIES.first} x}}\n",
        f"{HEAD}stringData: {{a: &a '{VALUE}', <<: *b}}\n",
        f"{HEAD}stringData: {{a: *{CANARIES.first}}}\n",
        f"{HEAD}stringData:\n\ta: '{VALUE}'\n",
        f"{HEAD}stringData: '{VALUE}\n",
        f"'{VALUE}'\n",
        f"- '{VALUE}'\n",
        f"apiVersion: v1\nkind: ['{VALUE}']\n",
        f'{{"kind": "Secret", "stringData": {{"a": "{VALUE}"',
        f'{{"kind": "Secret", "stringData": {{"a": "{VALUE}\\ud800"}}}}',
        f"{HEAD}stringData: {{a: '{VALUE}\x00'}}\n",
    ],
    ids=range(14),
)
@pytest.mark.parametrize("name", ["a.yaml", "a.json", "a.gz"])
def test_a_file_that_cannot_be_read_is_told_of_without_what_is_in_it(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / name).write_text(text)
    with PayloadWriter(SHOP, recipients(), FakeClock()) as writer:
        try:
            problems = list(read_files([str(tmp_path / name)], io.BytesIO(), writer).problems)
        except StandbyError as error:
            problems = [str(error)]

    assert problems
    assert FINDER.sightings("problems", "\n".join(problems).encode()) == []
