"""What a function's process imports before its first call: a cold start pays for all of it.

Counts of modules, not times: they are the same on every machine.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kubestandby.layout import Function
from kubestandby.runtime.serving import _options

ROOT = Path(__file__).parents[2]
MOST_MODULES = 640
"""functions-framework alone takes 340, ours 100. The `kubernetes` package would add 500, `oci` more."""

SDKS = frozenset({"kubernetes", "oci"})
NEVER_IN_A_FUNCTION = frozenset({"hypothesis", "pytest", "rich", "watchfiles", "tests"})
SANITIZE_ONCE = """
from datetime import UTC, datetime
from pathlib import Path
from functions.sanitize.sanitizer import sanitize_snapshot
from kubestandby.adapters.stores import open_store
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.errors import SnapshotNotFoundError
from kubestandby.groups import ProtectionGroup
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.making import make_keys
from kubestandby.runtime.context import Context
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import GroupName, SiteName, SnapshotId
now = datetime.now(UTC)
keys = make_keys((SiteName("east"),), now)
keyring = Keyring(keys.trust, keys, SystemClock())
store = SnapshotStore(open_store("file:///nowhere/kubestandby-test"), keyring)
try:
    sanitize_snapshot(store, store, ProtectionGroup(name=GroupName("shop")), SnapshotId(1, 1))
except SnapshotNotFoundError:
    pass
"""


def imported(code: str) -> frozenset[str]:
    """The modules that a fresh interpreter has after running the code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    path = os.pathsep.join([str(ROOT / "shared"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


def packages(modules: frozenset[str]) -> frozenset[str]:
    return frozenset(module.partition(".")[0] for module in modules)


@pytest.fixture(scope="module", params=list(Function))
def modules(request: pytest.FixtureRequest) -> frozenset[str]:
    return imported(f"import functions.{request.param}.main")


def test_import_of_a_function_leaves_sdks_until_they_are_needed(modules: frozenset[str]) -> None:
    assert not packages(modules) & SDKS


def test_import_of_a_function_takes_nothing_of_the_command_line_and_of_tests(modules: frozenset[str]) -> None:
    assert not packages(modules) & NEVER_IN_A_FUNCTION
    assert "kubestandby.cli" not in modules


def test_import_of_a_function_stays_small(modules: frozenset[str]) -> None:
    assert len(modules) <= MOST_MODULES


def test_import_of_a_function_takes_nothing_of_the_others() -> None:
    for function in Function:
        others = {f"functions.{other}" for other in Function if other is not function}
        assert not imported(f"import functions.{function}.main") & others


def test_sanitize_at_work_imports_no_sdk() -> None:
    modules = imported(f"import functions.sanitize.main\n{SANITIZE_ONCE}")

    assert not packages(modules) & SDKS


@pytest.mark.parametrize(("function", "loads"), [("export", True), ("sanitize", False), ("restore", True)])
def test_waiting_process_loads_what_talks_to_clusters_where_there_is_need_of_it(function: str, *, loads: bool) -> None:
    options = _options(function)

    assert ("post_worker_init" in options) is loads


def test_what_talks_to_clusters_can_be_loaded_early() -> None:
    assert "kubernetes" in packages(
        imported("from kubestandby.adapters.kube_sender import load_library; load_library()")
    )
