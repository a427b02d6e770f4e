"""The catalogue of log events has exactly what the code logs, and docs/logs.md is made from it."""

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kubestandby.runtime import log_events
from kubestandby.runtime.log_events import ALWAYS, BOUND, EVENTS, FACTS, SECTIONS
from kubestandby.runtime.logs import log_crashes, set_up_logging
from tests.unit.runtime.log_calls import ROOT, LogCall, log_calls

SECRET = "hunter2-is-the-password"
WRITTEN_BY_THE_FORMATTER = frozenset({log_events.LIBRARY_MESSAGE})


@pytest.mark.parametrize("call", log_calls(), ids=lambda call: f"{call.place.rsplit(':')[0]}-{call.event}")
def test_what_is_logged_is_in_the_catalogue_with_its_level_and_facts(call: LogCall) -> None:
    event = EVENTS.get(call.event)

    assert event is not None, f"{call.place}: add {call.event} to runtime/log_events.py and docs/logs.md"
    assert call.level in ("", *event.levels.split(" or "))
    assert call.facts <= {*event.facts}, f"{call.place}: the catalogue does not have {call.facts - {*event.facts}}"


def test_what_is_in_the_catalogue_is_logged_somewhere() -> None:
    logged = {call.event for call in log_calls()} | WRITTEN_BY_THE_FORMATTER
    assert set(EVENTS) - logged == set()


@pytest.mark.parametrize("name", sorted(EVENTS.keys() - WRITTEN_BY_THE_FORMATTER))
def test_every_fact_of_an_event_is_told_somewhere_and_explained(name: str) -> None:
    told = frozenset().union(*(call.facts for call in log_calls() if call.event == name))

    assert told == {*EVENTS[name].facts}
    assert told <= FACTS.keys()


def test_no_name_is_in_two_sections_and_all_are_of_one_form() -> None:
    names = [name for section in SECTIONS.values() for name in section]
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", name) for name in names)


def test_every_explained_fact_belongs_to_an_event() -> None:
    used = {fact for event in EVENTS.values() for fact in event.facts}
    assert FACTS.keys() - used == set()


def test_no_fact_takes_the_place_of_what_every_line_has() -> None:
    assert FACTS.keys() & ALWAYS.keys() == set()


def test_the_document_is_made_from_the_catalogue() -> None:
    text = (ROOT / "docs/logs.md").read_text()
    assert text.endswith("\n".join(log_events.document())), "run `python -m kubestandby.runtime.log_events`"


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a function's process writes, at the level at which it tells most."""
    monkeypatch.setenv("KUBESTANDBY_LOG_LEVEL", "DEBUG")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    set_up_logging(written)
    log_crashes()
    yield written
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_libraries_are_not_heard_below_warning_however_talkative_the_level(stream: io.StringIO) -> None:
    for name in ("kubernetes.client.rest", "urllib3.connectionpool", "oci.base_client", "any.other"):
        logging.getLogger(name).debug("response body: %s", SECRET)
        logging.getLogger(name).info("header: %s", SECRET)
    assert stream.getvalue() == ""


def test_a_librarys_warning_becomes_a_line_of_ours_with_its_first_line_only(stream: io.StringIO) -> None:
    logging.getLogger("any.library").warning("it is late, %s\n%s", SECRET, SECRET)

    (line,) = lines(stream)
    assert (line["event"], line["text"], line["logger"]) == ("library_message", "it is late, %s", "any.library")


def test_a_librarys_exception_is_told_without_its_text(stream: io.StringIO) -> None:
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("any.library").exception("it failed")

    (line,) = lines(stream)
    assert (line["event"], line["error"]) == ("library_message", "ValueError")
    assert SECRET not in stream.getvalue()


def test_the_last_words_of_a_process_hold_nothing_of_what_it_worked_on(stream: io.StringIO) -> None:
    error = RuntimeError(SECRET)
    error.__cause__ = KeyError(SECRET)

    sys.excepthook(RuntimeError, error, None)

    (line,) = lines(stream)
    assert (line["event"], line["level"], line["error"]) == ("crashed", "ERROR", "RuntimeError")
    assert SECRET not in stream.getvalue()


def test_the_last_words_of_a_thread_hold_nothing_either(stream: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    thread = threading.Thread(target=int, args=(SECRET,))
    thread.start()
    thread.join()

    assert [line["event"] for line in lines(stream)] == ["crashed"]
    assert SECRET not in stream.getvalue() + capfd.readouterr().err


def test_bound_facts_are_explained() -> None:
    sources = [file.read_text() for file in (ROOT / "shared/kubestandby").rglob("*.py")]
    calls = [call for source in sources for call in re.findall(r"\bwith bound\(([^)]*)\)", source)]
    named = {name for call in calls for name in re.findall(r"(\w+)=", call)}

    assert len(named) >= 8
    assert named <= BOUND.keys()
