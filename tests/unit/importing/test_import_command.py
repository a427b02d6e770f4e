"""`kubestandby import`: what it reads, what it asks for, what it tells, and what it leaves behind."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kubestandby.errors import StoreUnavailableError
from kubestandby.import_payload import ImportedObject, open_payload, payload_names
from kubestandby.layout import Action
from kubestandby.requests import ImportOrder, Outcome, Request, Verdict
from kubestandby.snapshots import SiteName, SnapshotId
from tests.fakes.keys import key_bundle
from tests.unit.cli.world import EAST, NOON, SHOP, World, outcome_of, report_of
from tests.unit.importing.archives import manifest, member, tar_gz

LIST = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: listed}}\n"


class Importing:
    """The functions' part: takes down what came, and answers that it arrived, or did not."""

    def __init__(self, world: World, verdict: Verdict = Verdict.DONE, **details: Any) -> None:
        self.world = world
        self.verdict = verdict
        self.details = details
        self.objects: list[ImportedObject] = []
        self.order: ImportOrder | None = None
        world.answer = self.answer

    def answer(self, request: Request) -> Outcome | None:
        if request.action is not Action.IMPORT or request.order is None:
            return None
        self.order = request.order
        unwrappers = key_bundle().unwrappers(SiteName(EAST))
        with open_payload(self.world.control(EAST), SHOP, request.order, unwrappers) as payload:
            self.objects = list(payload.objects())
        if self.verdict is Verdict.DONE:
            self.world.crossed("1-1")
            self.world.report(report_of(requested_at=NOON + timedelta(hours=1)))
        snapshot = SnapshotId(1, 1) if self.verdict is Verdict.DONE else None
        return outcome_of(request, self.verdict, snapshot=snapshot, details=self.details)

    @property
    def names(self) -> list[str]:
        return [item.manifest["metadata"]["name"] for item in self.objects]


def put(path: Path, data: str | bytes) -> str:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return str(path)


def left_behind(world: World) -> tuple[str, ...]:
    return payload_names(world.control(EAST), SHOP)


def test_files_lists_and_archives_are_imported_and_taken_to_the_standby(command_world: World, tmp_path: Path) -> None:
    functions = Importing(command_world)
    archive = tar_gz(member("./shop/a.configmaps.yaml", manifest("a")), member("./log.log", b"x"))

    ran = command_world.run("import", "shop", put(tmp_path / "k.gz", archive), put(tmp_path / "l.yaml", LIST))

    assert ran.exit_code == 0, ran.stderr
    assert functions.names == ["a", "listed"]
    assert functions.objects[0].origin == f"{tmp_path}/k.gz!shop/a.configmaps.yaml:1"
    assert "shop: taken as snapshot 1-1" in ran.stdout
    assert "2 manifests read from 2 files" in ran.stderr
    assert left_behind(command_world) == ()


def test_the_request_says_what_the_files_were_and_what_was_asked_for(command_world: World, tmp_path: Path) -> None:
    functions = Importing(command_world)
    archive = tar_gz(member("a.yaml", manifest("a"), mtime=1_760_000_000))

    command_world.run("import", "shop", put(tmp_path / "k.gz", archive), "--namespace", "shop", "--all")

    order = functions.order
    assert order is not None
    assert (order.files, order.namespace, order.keep_all) == (("k.gz",), "shop", True)
    assert order.as_of is not None
    assert order.as_of.timestamp() == 1_760_000_000


def test_times_are_told_only_where_every_file_has_one_that_means_something(
    command_world: World, tmp_path: Path
) -> None:
    functions = Importing(command_world)
    archive = tar_gz(member("a.yaml", manifest("a"), mtime=0), member("b.yaml", manifest("b"), mtime=1_760_000_000))

    command_world.run("import", "shop", put(tmp_path / "k.gz", archive))

    assert functions.order is not None
    assert functions.order.as_of is None


def test_standard_input_is_imported(command_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    functions = Importing(command_world)

    ran = command_world.run("import", "shop", "-", stdin=LIST)

    assert ran.exit_code == 0, ran.stderr
    assert functions.names == ["listed"]
    assert functions.order is not None
    assert functions.order.files == ("stdin",)


def test_what_is_wrong_with_files_is_told_for_each_and_nothing_is_asked_for(
    command_world: World, tmp_path: Path
) -> None:
    bad, worse = put(tmp_path / "bad.yaml", "a: [1\n"), put(tmp_path / "worse.yaml", "kind: A\n")

    ran = command_world.run("import", "shop", bad, worse, str(tmp_path / "none.yaml"))

    assert ran.exit_code == 1
    errors = [line for line in ran.stderr.splitlines() if line.startswith("error: ")]
    assert [error.removeprefix(f"error: {tmp_path}/").split(" ")[0] for error in errors] == [
        "bad.yaml:2:",
        "worse.yaml:1:",
        "none.yaml",
    ]
    assert command_world.requests(EAST).requests(SHOP) == ()
    assert left_behind(command_world) == ()


def test_no_more_problems_are_told_than_anybody_reads(command_world: World, tmp_path: Path) -> None:
    files = [put(tmp_path / f"{number}.yaml", "kind: A\n") for number in range(25)]
    ran = command_world.run("import", "shop", *files)
    assert ran.stderr.splitlines()[-1] == "error: and 5 more; nothing was imported"


def test_files_without_a_manifest_are_an_error(command_world: World, tmp_path: Path) -> None:
    ran = command_world.run("import", "shop", put(tmp_path / "a.yaml", "# nothing\n"))
    assert (ran.exit_code, ran.stderr.splitlines()[-1]) == (
        1,
        "error: no manifest in what was given; nothing was imported",
    )


def test_empty_files_of_the_playbook_are_a_warning(command_world: World, tmp_path: Path) -> None:
    Importing(command_world)
    archive = tar_gz(member("a.yaml", manifest("a")), *(member(f"b{number}.yaml") for number in range(7)))

    ran = command_world.run("import", "shop", put(tmp_path / "k.gz", archive))

    assert ran.exit_code == 0
    assert f"warning: empty files, nothing is read from them: {tmp_path}/k.gz!b0.yaml, " in ran.stderr
    assert "b4.yaml and 2 more" in ran.stderr


def test_what_was_left_out_and_added_is_told(command_world: World, tmp_path: Path) -> None:
    absent = [f"StorageClass.storage.k8s.io {number}" for number in range(6)]
    Importing(command_world, left_out={"owned_by_controller": 3}, added_namespaces=["shop"], not_in_files=absent)

    ran = command_world.run("import", "shop", put(tmp_path / "a.yaml", LIST))

    assert "left out, as an export does: 3 owned_by_controller" in ran.stderr
    assert "namespace shop is described by no file: the snapshot has a plain one" in ran.stderr
    assert "warning: no file holds StorageClass.storage.k8s.io 0, " in ran.stderr
    assert "StorageClass.storage.k8s.io 4 and 1 more, which objects name; the standby must have them" in ran.stderr


def test_problems_that_the_function_finds_are_told_one_by_one(command_world: World, tmp_path: Path) -> None:
    Importing(command_world, Verdict.FAILED, problems=["a.yaml:1: this", "a.yaml:2: that"])

    ran = command_world.run("import", "shop", put(tmp_path / "a.yaml", LIST))

    assert ran.exit_code == 1
    assert ran.stderr.splitlines()[-2:] == ["error: a.yaml:1: this", "error: a.yaml:2: that"]
    assert left_behind(command_world) == ()


def test_programs_get_json(command_world: World, tmp_path: Path) -> None:
    Importing(command_world, left_out={"owned_by_controller": 3})
    told = command_world.json("import", "shop", put(tmp_path / "a.yaml", LIST))
    assert (told["arrived"], told["snapshot"]) == (True, "1-1")
    assert told["export"]["details"]["left_out"] == {"owned_by_controller": 3}


def test_without_an_outcome_in_time_the_payload_stays_for_the_function(command_world: World, tmp_path: Path) -> None:
    ran = command_world.run("import", "shop", put(tmp_path / "a.yaml", LIST), "--timeout", "5s")
    assert ran.exit_code == 3
    assert len(left_behind(command_world)) == 1


def test_a_request_that_cannot_be_written_leaves_nothing_behind(
    command_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StoreUnavailableError("no store")

    monkeypatch.setattr("kubestandby.request_log.RequestLog.submit", refuse)

    ran = command_world.run("import", "shop", put(tmp_path / "a.yaml", LIST))

    assert (ran.exit_code, ran.stderr.splitlines()[-1]) == (1, "error: no store")
    assert left_behind(command_world) == ()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-", "-"), "standard input can be read only once"),
        (("a.yaml", "--namespace", "Shop"), "'Shop' is no name of a namespace"),
        (("a.yaml", "--namespace", "other"), "--namespace other is no namespace of group shop at east: shop"),
        ((), "missing argument 'FILE...'"),
    ],
)
def test_a_wrong_command_line_is_told(command_world: World, words: tuple[str, ...], told: str) -> None:
    ran = command_world.run("import", "shop", *words)
    assert ran.exit_code == 64
    assert told in ran.stderr


def test_values_of_secrets_are_never_told(command_world: World, tmp_path: Path) -> None:
    Importing(command_world)
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  code: hunter2\n"
    ran = command_world.run(
        "import", "shop", put(tmp_path / "s.yaml", secret), put(tmp_path / "t.yaml", f"{secret}  code: hunter2")
    )
    assert "hunter2" not in ran.output + ran.stderr


def test_show_says_what_a_snapshot_was_imported_from(command_world: World) -> None:
    command_world.snapshot("1-1", imported_from=("backup.gz",), source_cluster="", server_version="")
    shown = command_world.run("show", "shop").stdout
    assert "source         east, no cluster asked" in shown
    assert "imported from  backup.gz" in shown
    assert json.loads(command_world.run("show", "shop", "--output", "json").stdout)["importedFrom"] == ["backup.gz"]
