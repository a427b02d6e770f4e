"""No input makes a reader take more memory than its cap: measured in processes that only read one bomb each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.bombs import BOMBS, CAPS_MIB
from tests.hostile.readers import READERS

pytestmark = pytest.mark.xdist_group("bombs")
Measured = dict[str, tuple[float, str]]


@pytest.fixture(scope="module")
def measured() -> Measured:
    """What each bomb took, in MiB, and how it ended. All in one run: starting Python takes longer than reading one."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.bombs"], capture_output=True, text=True, timeout=300, check=True
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (took, ended) for name, took, ended in lines}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_takes_no_more_memory_than_its_readers_cap(name: str, measured: Measured) -> None:
    took, ended = measured[name]

    assert ended in ("refused", "read")
    assert took <= CAPS_MIB[BOMBS[name][0]]


def test_documented_caps_are_those_that_are_measured_against() -> None:
    documented = Path(__file__).parents[2].joinpath("docs", "limits.md").read_text()
    in_mib = {cap for reader, cap in CAPS_MIB.items() if reader not in ("envelope", "report", "sealed value")}

    for cap in in_mib - {CAPS_MIB["raw index"], CAPS_MIB["foreign archive"]}:
        assert f"{cap:g} MiB |" in documented or f"{cap:g} MiB and" in documented, cap


def test_every_reader_of_large_inputs_has_a_cap_and_a_bomb() -> None:
    small = {name for name in READERS if name.startswith("webhook") and name != "webhook of github"}
    small |= {
        "sanitized index",
        "kubeconfig in a secret",
        "root key",
        "age identity",
        "fingerprint key",
    }  # the same readers under other names

    assert set(CAPS_MIB) == set(READERS) - small
    assert {reader for reader, _ in BOMBS.values()} == set(CAPS_MIB)
