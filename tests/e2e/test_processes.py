"""The function processes of one machine: they come up, come back, and leave nothing behind. No cluster is needed."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kubestandby.errors import ConfigError
from kubestandby.layout import Action, Function
from kubestandby.requests import Verdict
from kubestandby.runtime.instance import AlreadyRunningError, running
from kubestandby.runtime.processes import FunctionStartError, functions_folder
from tests.e2e.pipeline import Pipeline, post, wait_for


@pytest.fixture
def pipeline(tmp_path: Path, state_home: Path) -> Pipeline:
    """A group whose clusters do not exist."""
    return Pipeline.between(tmp_path, tmp_path / "no-east", tmp_path / "no-west", "shop")


def group_of(pid: int) -> list[int]:
    """Processes of this process group."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == pid and fields[0] != "Z":
                found.append(int(folder.name))
    return found


def test_all_three_functions_answer_and_are_gone_afterwards(pipeline: Pipeline):
    with pipeline.functions() as functions:
        names = [get(functions.url(function)) for function in Function]
        pids = [functions.pid(function) for function in Function]

    assert names == [200, 200, 200]
    assert [group_of(pid) for pid in pids] == [[], [], []]


def test_a_request_to_a_missing_cluster_fails_with_one_clear_sentence(pipeline: Pipeline):
    with pipeline.functions():
        outcome = pipeline.do("east", Action.EXPORT)

    assert outcome.verdict is Verdict.FAILED
    assert "no-east" in outcome.message


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_function_that_was_killed_comes_back(pipeline: Pipeline, number: signal.Signals):
    with pipeline.functions() as functions:
        pid = functions.pid(Function.EXPORT)
        os.kill(pid, number)
        wait_for(lambda: functions.pid(Function.EXPORT) not in (0, pid))

        outcome = pipeline.do("east", Action.EXPORT)

        assert outcome.verdict is Verdict.FAILED
        assert wait_for(lambda: group_of(pid) == [])


def test_a_worker_that_was_killed_comes_back(pipeline: Pipeline):
    with pipeline.functions() as functions:
        pid = functions.pid(Function.EXPORT)
        (worker,) = [other for other in group_of(pid) if other != pid]
        os.kill(worker, signal.SIGKILL)

        outcome = pipeline.do("east", Action.EXPORT)

        assert outcome.verdict is Verdict.FAILED
        assert functions.pid(Function.EXPORT) == pid


def test_the_functions_end_when_their_starter_is_killed(pipeline: Pipeline):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from kubestandby.adapters.group_file import load_groups\n"
        "from kubestandby.layout import Function\n"
        "from kubestandby.runtime.supervisor import Functions\n"
        "config = Path(sys.argv[1])\n"
        "with Functions(config, load_groups(config)) as functions:\n"
        "    print(*[functions.pid(function) for function in Function], flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(pipeline.config)], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        pids = [int(word) for word in starter.stdout.readline().split()]
        starter.kill()

    assert len(pids) == 3
    assert wait_for(lambda: all(group_of(pid) == [] for pid in pids))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_stops_cleanly(pipeline: Pipeline, number: signal.Signals):
    code = (
        "import sys; from pathlib import Path\n"
        "from kubestandby.adapters.group_file import load_groups\n"
        "from kubestandby.layout import Function\n"
        "from kubestandby.runtime.local import up\n"
        "config = Path(sys.argv[1])\n"
        "up(config, load_groups(config), on_ready=lambda functions:\n"
        "   print(*[functions.pid(function) for function in Function], flush=True))\n"
        "print('stopped', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(pipeline.config)], stdout=subprocess.PIPE) as up:
        assert up.stdout is not None
        pids = [int(word) for word in up.stdout.readline().split()]
        up.send_signal(number)
        said, status = up.stdout.read(), up.wait(30)

    assert (said, status) == (b"stopped\n", 0)
    assert all(group_of(pid) == [] for pid in pids)


def test_only_one_set_of_functions_runs_per_configuration(pipeline: Pipeline):
    with pipeline.functions() as functions:
        info = running(pipeline.config)
        with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"):
            pipeline.functions().__enter__()

        assert info is not None
        assert info.urls["export"] == functions.url(Function.EXPORT)
        assert get(functions.url(Function.EXPORT)) == 200
    assert running(pipeline.config) is None


def test_a_port_that_is_taken_is_one_clear_error_and_nothing_stays_behind(pipeline: Pipeline):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigError, match=rf"port {port} .* cannot be used \(address already in use\); give another"
        ):
            pipeline.functions(export_port=port).__enter__()

    assert running(pipeline.config) is None


def test_the_webhooks_port_can_be_chosen(pipeline: Pipeline):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with pipeline.functions(export_port=port) as functions:
        status, answer = post(f"http://127.0.0.1:{port}/", b'{"action": "export", "group": "shop"}')

        assert functions.url(Function.EXPORT) == f"http://127.0.0.1:{port}/"
        assert (status, answer["site"]) == (202, "east")


def test_a_function_that_cannot_start_names_its_log(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBESTANDBY_SITE", "nowhere")
    monkeypatch.setattr("kubestandby.runtime.supervisor._START_ATTEMPTS", 1)

    with pytest.raises(FunctionStartError, match=r"export function cannot work; .*functions\.log") as caught:
        pipeline.functions().__enter__()

    log = Path(str(caught.value).rpartition(" ")[2])
    assert "KUBESTANDBY_SITE=nowhere is no site of any group" in log.read_text()


def test_a_body_of_64_mib_is_refused_and_the_function_lives_on(pipeline: Pipeline):
    with pipeline.functions() as functions:
        status = 0
        try:
            status, _ = post(functions.url(Function.EXPORT), b"x" * (64 << 20))
        except (BrokenPipeError, ConnectionResetError):
            status = 400

        assert status == 400
        assert get(functions.url(Function.EXPORT)) == 200


def test_sanitize_never_loads_the_kubernetes_sdk(pipeline: Pipeline):
    code = (
        "import sys; from functions_framework import create_app\n"
        "client = create_app('sanitize', sys.argv[1], 'http').test_client()\n"
        "status = client.post('/', json={'action': 'sanitize', 'group': 'shop', 'snapshot': '1-1'}).status_code\n"
        "print(status, 'kubernetes' in sys.modules, 'oci' in sys.modules)\n"
    )
    source = str(functions_folder() / "sanitize" / "main.py")

    done = subprocess.run(
        [sys.executable, "-c", code, source],
        env={**os.environ, "KUBESTANDBY_CONFIG": str(pipeline.config)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "202 False False\n"


def get(url: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(autouse=True)
def no_process_is_left(pipeline: Pipeline) -> Iterator[None]:
    """Whatever a test does, no process of its configuration outlives it."""
    yield
    assert running(pipeline.config) is None
