"""A log line is one JSON object, tells facts, and never a secret."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from kubestandby.errors import StoreError
from kubestandby.runtime.logs import JsonFormatter, bound, error_facts

LOG = logging.getLogger("kubestandby.tests.logs")


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    stream, found = io.StringIO(), []
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    LOG.addHandler(handler)
    LOG.setLevel("INFO")
    write, handler.stream.write = stream.write, lambda text: found.append(json.loads(text)) or 0  # type: ignore[method-assign,assignment,func-returns-value]
    yield found
    handler.stream.write = write  # type: ignore[method-assign]
    LOG.removeHandler(handler)


def test_a_line_tells_the_event_and_its_facts(lines: list[dict[str, Any]]):
    LOG.info("object_applied", extra={"ref": "Deployment.apps shop/web", "duration_ms": 12})

    (line,) = lines
    assert (line["event"], line["ref"], line["duration_ms"], line["level"]) == (
        "object_applied",
        "Deployment.apps shop/web",
        12,
        "INFO",
    )


def test_what_is_bound_is_in_every_line_inside_and_in_none_after(lines: list[dict[str, Any]]):
    with bound(function="export"), bound(group="shop", site=""):
        LOG.info("inside")
    LOG.info("after")

    assert (lines[0]["function"], lines[0]["group"]) == ("export", "shop")
    assert "site" not in lines[0]
    assert "function" not in lines[1]


def test_of_a_foreign_exception_only_type_and_places_are_written(lines: list[dict[str, Any]]):
    try:
        int("hunter2")
    except ValueError:
        LOG.exception("unexpected_error")

    (line,) = lines
    assert line["error"] == "ValueError"
    assert line["places"][0].startswith("test_logs.py:")
    assert "hunter2" not in json.dumps(line)


def test_an_error_of_ours_is_written_with_its_sentence():
    assert error_facts(StoreError("disk full; free some"))["cause"] == "disk full; free some"


def test_a_fact_that_is_too_long_is_cut(lines: list[dict[str, Any]]):
    LOG.info("much", extra={"text": "x" * 5000, "names": ["y"] * 500})

    assert len(lines[0]["text"]) == 1000
    assert len(lines[0]["names"]) == 100


def test_no_fact_of_ours_has_a_name_that_records_use_already():
    facts = error_facts(StoreError("x")) | error_facts(ValueError())

    logging.getLogger("kubestandby.tests.names").warning("must not raise", extra=facts)
