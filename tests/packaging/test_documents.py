"""What the documents, the help and the messages tell a person to type, to open or to look at is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest

from kubestandby.adapters.group_file import group_schema
from kubestandby.cli.main import main

ROOT = Path(__file__).parents[2]
_FOLDERS = ("bench", "deploy", "docs", "functions", "shared", "supply_chain", "terraform", "tests")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *#*$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:^|[`$|(] ?|\$ )(kubestandby [a-z][^`\n|#&>)]*)", re.MULTILINE)
_MAKE = re.compile(r"(?:^\$ |`)make ([a-z-]+)", re.MULTILINE)
_TEST = re.compile(r"`(test_[a-z0-9_]+)`")
_PATH = re.compile(r"`((?:tests|docs|deploy|terraform|shared|functions|bench)/[A-Za-z0-9_./-]+)`")
_VARIABLE = re.compile(r"\bKUBESTANDBY_[A-Z_]+\b")
_FIELD = re.compile(r"`spec((?:\.[a-zA-Z]+)+)[`:]")
_KEYS_COMMAND = re.compile(r"`(keys [a-z-]+[^`\n]*)`")


@cache
def files(ending: str, *folders: str) -> tuple[Path, ...]:
    found = (path for folder in folders or _FOLDERS for path in (ROOT / folder).rglob(f"*{ending}"))
    return tuple(sorted({*found, *ROOT.glob(f"*{ending}")}))


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


DOCUMENTS = [pytest.param(path, id=named(path)) for path in files(".md")]


def anchors(document: str) -> set[str]:
    """As GitHub makes them of headings: lower case, no punctuation, hyphens for spaces."""
    headings = _HEADING.findall(_FENCED.sub("", document))
    plain = (re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_linked_is_there(document: Path) -> None:
    links = [link for link in _LINK.findall(_FENCED.sub("", text_of(document))) if "://" not in link]
    missing = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(text_of(target))):
            missing.append(link)

    assert missing == []


def commands(text: str) -> Iterator[list[str]]:
    """The words of every `kubestandby ...` in a text, without what stands for a value."""
    for line in _COMMAND.findall(text.replace("\\\n", " ")):
        yield line.split()[1:]
    yield from (line.split() for line in _KEYS_COMMAND.findall(text))


def wrong_in(words: list[str]) -> str:
    """What of a command the command line does not have, "" where it has it all."""
    command: click.Command = main
    context = click.Context(main)
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None:
            return f"command {rest[0]}"
        command, rest = found, rest[1:]
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    known |= {"--help", "-h", "--config", "-c"}
    given = (re.match(r"--?[a-z][a-z-]*", word) for word in rest)
    return next((f"{command.name} {one[0]}" for one in given if one and one[0] not in known), "")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("`kubestandby plan shop --site west`", ""),
        ("`kubestandby keys rotate operator --root-key FILE`", ""),
        ("$ kubestandby recover shop", "command recover"),
        ("`kubestandby keys renew`", "command renew"),
        ("`keys check --all`", "check --all"),
        ("$ kubestandby plan shop --force  # at once", "plan --force"),
    ],
)
def test_what_the_command_line_does_not_have_is_found(line: str, wrong: str) -> None:
    assert [wrong_in(words) for words in commands(line)] == [wrong]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_in_documents_are_commands(document: Path) -> None:
    wrong = {found for words in commands(text_of(document)) if (found := wrong_in(words))}

    assert wrong == set()


def test_commands_in_messages_and_help_are_commands() -> None:
    """In the source a command stands in backticks, or in the examples of a help text."""
    sources = files(".py", "shared", "functions")
    found = [words for path in sources for words in commands(_joined(text_of(path)))]

    assert len(found) > 50
    assert {wrong for words in found if (wrong := wrong_in(words))} == set()


def _joined(source: str) -> str:
    """Strings that go on in the next line, as one."""
    return re.sub(r'"\s*\n\s*f?"', "", source)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_targets_of_make_are_targets(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))

    assert set(_MAKE.findall(text_of(document))) - targets == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_tests_and_paths_that_are_named_are_there(document: Path) -> None:
    sources = "\n".join(text_of(path) for path in files(".py", "tests"))
    text = text_of(document)
    gone = {name for name in _TEST.findall(text) if f"def {name}(" not in sources}
    gone |= {path for path in _PATH.findall(text) if not (ROOT / path).exists()}

    assert gone == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_variables_that_are_named_are_read_somewhere(document: Path) -> None:
    code = "\n".join(text_of(path) for path in (*files(".py"), *files(".tf"), ROOT / "Makefile"))

    assert {name for name in _VARIABLE.findall(text_of(document)) if name not in code} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_fields_of_the_configuration_that_are_named_are_there(document: Path) -> None:
    schema = group_schema()
    spec = schema["properties"]["spec"]

    assert {path for path in _FIELD.findall(text_of(document)) if not _has(spec, path[1:].split("."), schema)} == set()


def _has(schema: Mapping[str, Any], path: list[str], whole: Mapping[str, Any]) -> bool:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _has(whole["$defs"][name], path, whole)
    if not path:
        return True
    forms = (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ()))
    inner = [schema["properties"][path[0]]] if path[0] in schema.get("properties", {}) else []
    if any(_has(one, path[1:], whole) for one in inner):
        return True
    items = [one for one in (schema.get("items"), schema.get("additionalProperties")) if isinstance(one, Mapping)]
    return any(_has(one, path, whole) for one in (*forms, *items))
