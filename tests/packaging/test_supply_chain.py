"""Lock files, bills of materials, and an audit that is not green where nothing could be audited."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from supply_chain.audit import BAD, GOOD, SKIPPED, Answer, audit, read_answer
from supply_chain.locks import LOCKS, ROOT, problems, read_lock, uninstalled
from supply_chain.sbom import DELIVERED, write_bill


def test_what_is_installed_is_what_is_locked() -> None:
    assert uninstalled() == []


def test_the_lock_files_are_as_pyproject_asks() -> None:
    assert problems() == []
    assert len(read_lock(ROOT / "requirements/dev.txt")) > 50


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def changed(folder: Path, file: str, change: Callable[[str], str]) -> list[str]:
    path = folder / file
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before
    return problems(folder)


def without(package: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        entries = text.replace("\\\n", "\0").splitlines(keepends=True)
        return "".join(entry for entry in entries if not entry.startswith(f"{package}==")).replace("\0", "\\\n")

    return change


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        (
            "pyproject.toml",
            lambda t: t.replace('"orjson>=3.11,<4"', '"orjson>=99"'),
            "kubestandby needs orjson>=99, pinned",
        ),
        (
            "pyproject.toml",
            lambda t: t.replace('"orjson>=3.11,<4"', '"nobody-knows-this"'),
            "nobody-knows-this is needed and",
        ),
        ("pyproject.toml", lambda t: t.replace('  "pyrage>=1.4,<1.5",\n', ""), "sanitize.txt: nobody needs pyrage"),
        ("requirements/export.txt", without("tenacity"), "export.txt: tenacity, which kubestandby needs, is missing"),
        ("requirements/cli.txt", without("urllib3"), "cli.txt: urllib3, which "),
        ("requirements/cli.txt", lambda t: t + "left-pad==1.0 --hash=sha256:" + "0" * 64, "nobody needs left-pad"),
        (
            "requirements/cli.txt",
            lambda t: t.replace("click==8", "click==7"),
            "kubestandby needs click<9,>=8.1, pinned is 7",
        ),
        (
            "requirements/restore.txt",
            lambda t: t.replace("orjson==3", "orjson==3.0"),
            "orjson is not pinned as in dev.txt",
        ),
        (
            "requirements/sanitize.txt",
            lambda t: t.replace("--hash=sha256:0", "--hash=sha256:1", 1),
            "not pinned as in dev.txt",
        ),
        ("requirements/sanitize.txt", lambda t: t + "\n", ""),
    ],
    ids=[
        "raised",
        "new",
        "dropped",
        "missing",
        "missing-below",
        "unneeded",
        "too-old",
        "another",
        "another-hash",
        "same",
    ],
)
def test_what_does_not_fit_is_told(copied: Path, file: str, change: Callable[[str], str], words: str) -> None:
    found = changed(copied, file, change)
    assert any(words in problem for problem in found) if words else found == []


def test_a_pin_without_a_hash_is_told(copied: Path) -> None:
    lock = copied / "requirements/cli.txt"
    lock.write_text(without("click")(lock.read_text()) + f"click=={read_lock(lock)['click'].version}\n")
    assert "requirements/cli.txt: click has no hash; run `make lock`" in problems(copied)


def test_every_lock_of_the_folder_is_looked_at() -> None:
    assert {path.stem for path in (ROOT / "requirements").glob("*.txt")} == {*LOCKS}


@pytest.mark.parametrize("extra", DELIVERED)
def test_a_bill_of_materials_lists_exactly_what_is_locked(extra: str, tmp_path: Path) -> None:
    bill = json.loads(write_bill(extra, tmp_path).read_bytes())

    lock = read_lock(ROOT / f"requirements/{extra}.txt")
    listed = {(one["name"], one["version"], frozenset(_hashes(one))) for one in bill["components"]}
    assert listed == {(name, pin.version, pin.hashes) for name, pin in lock.items()}
    assert len(bill["components"]) == len(lock)
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "kubestandby")
    assert {one["purl"].partition("@")[0] for one in bill["components"]} == {f"pkg:pypi/{name}" for name in lock}
    needs = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert f"pkg:pypi/msgspec@{lock['msgspec'].version}" in needs["kubestandby"]
    assert reached(needs, "kubestandby") == {"kubestandby", *(one["bom-ref"] for one in bill["components"])}


def reached(needs: dict[str, list[str]], start: str) -> set[str]:
    """All that one needs, however indirectly, and itself."""
    found, waiting = {start}, [start]
    while waiting:
        new = set(needs[waiting.pop()]) - found
        found |= new
        waiting += new
    return found


def _hashes(component: dict[str, list[dict[str, list[dict[str, str]]]]]) -> set[str]:
    return {one["content"] for link in component["externalReferences"] for one in link.get("hashes", ())}


def test_the_same_lock_gives_the_same_bill(tmp_path: Path) -> None:
    first = write_bill("sanitize", tmp_path).read_bytes()
    assert write_bill("sanitize", tmp_path).read_bytes() == first


WEAK = Answer(packages=1, weaknesses=("urllib3 1.24.1: PYSEC-2019-133, fixed in 1.24.2",))
CLEAN = Answer(packages=90)


@pytest.mark.parametrize(
    ("control", "answer", "status", "last"),
    [
        (WEAK, CLEAN, GOOD, "90 of 90 locked packages audited, 0 weaknesses known"),
        (
            WEAK,
            Answer(packages=90, weaknesses=("a 1: b",)),
            BAD,
            "90 of 90 locked packages audited, 1 weaknesses known",
        ),
        (WEAK, Answer(packages=90, unknown=("a",)), SKIPPED, "89 of 90 locked packages audited, 0 weaknesses known"),
        (WEAK, Answer(failure="no route"), SKIPPED, "SKIPPED: the data on weaknesses cannot be had: no route"),
        (Answer(failure="no route"), CLEAN, SKIPPED, "SKIPPED: the data on weaknesses cannot be had: no route"),
        (
            Answer(packages=1),
            CLEAN,
            SKIPPED,
            "SKIPPED: the index here knows no weaknesses, not even those of urllib3==1.24.1",
        ),
        (
            Answer(packages=1, unknown=("urllib3",)),
            CLEAN,
            SKIPPED,
            "SKIPPED: the index here knows no weaknesses, not even",
        ),
    ],
    ids=["clean", "weak", "partly", "fails", "offline", "no-data", "not-known"],
)
def test_an_audit_is_green_only_where_everything_was_audited(
    control: Answer, answer: Answer, status: int, last: str
) -> None:
    answers = {"bad.txt": control, "lock.txt": answer}

    found, lines = audit(Path("lock.txt"), Path("bad.txt"), lambda path: answers[path.name])

    assert found == status
    assert lines[-1].startswith(last)


def test_what_pip_audit_writes_is_read() -> None:
    dependencies = [
        {
            "name": "a",
            "version": "1",
            "vulns": [{"id": "PYSEC-1", "fix_versions": ["2", "3"]}, {"id": "X", "fix_versions": []}],
        },
        {"name": "b", "version": "1", "vulns": []},
        {"name": "c", "skip_reason": "Dependency not found and could not be audited: c (1)"},
    ]

    answer = read_answer({"dependencies": dependencies, "fixes": []})

    assert answer == Answer(3, ("a 1: PYSEC-1, fixed in 2, 3", "a 1: X, fixed in no version yet"), ("c",))
