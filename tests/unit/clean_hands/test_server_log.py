"""What gunicorn tells of an error is a line of ours, without the error's text."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from gunicorn.config import Config

from kubestandby.runtime.logs import set_up_logging
from kubestandby.runtime.server_log import logger_class


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root, error_log = logging.getLogger(), logging.getLogger("gunicorn.error")
    before = (root.handlers[:], root.level, error_log.handlers[:], error_log.propagate)
    stream = io.StringIO()
    set_up_logging(stream)
    yield stream
    root.handlers[:], root.level, error_log.handlers[:], error_log.propagate = before


def test_an_error_of_the_server_is_one_line_of_ours(written: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    log = logger_class()(Config())

    log.info("Booting worker with pid: 1")
    try:
        int("hunter2")
    except ValueError:
        log.exception("Error handling request %s", "/?password=hunter2")

    (line,) = [json.loads(line) for line in written.getvalue().splitlines()]
    assert (line["event"], line["error"], line["logger"]) == ("library_message", "ValueError", "gunicorn.error")
    assert line["text"] == "Error handling request %s"
    assert "hunter2" not in written.getvalue()
    assert capfd.readouterr() == ("", "")
