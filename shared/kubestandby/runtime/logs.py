"""Log records of a function, as one JSON object per line on standard error.

The message of a record is a stable event name, one of `log_events.EVENTS`; its facts are keys given with `extra`:

    _LOG.info("request_done", extra={"outcome": name, "verdict": "done"})

Whatever else is logged comes from a library: from WARNING on it becomes a `library_message`, with its pattern only.
What a call is about (function, event, group, request) is bound once and stands in every line written during it.
Manifests and secrets never enter a record: of an exception that is not ours only the type and the places are written,
for its text may hold what was being worked on.
"""

import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from kubestandby.errors import StandbyError
from kubestandby.runtime.log_events import ALWAYS, CRASHED, EVENTS, LIBRARY_MESSAGE

LEVEL_VARIABLE = "KUBESTANDBY_LOG_LEVEL"
_LOG = logging.getLogger(__name__)
_MAX_TEXT = 1000
_MAX_FOREIGN_TEXT = 200
_OURS = ("kubestandby.", "functions.")
_TALKATIVE = ("kubernetes", "urllib3", "oci", "watchfiles")
"""They make so much of their messages that it costs time, although none is told."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_BOUND: ContextVar[dict[str, str]] = ContextVar("bound", default={})  # noqa: B039 - never changed in place


@contextmanager
def bound(**facts: str) -> Iterator[None]:
    """Adds facts to every record written inside: function, event_id, group, site, request, snapshot."""
    token = _BOUND.set({**_BOUND.get(), **{name: fact for name, fact in facts.items() if fact}})
    try:
        yield
    finally:
        _BOUND.reset(token)


def set_up_logging(stream: TextIO | None = None) -> None:
    """Makes this process log JSON lines at the level of `KUBESTANDBY_LOG_LEVEL` (default INFO). Safe to call again."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(_is_to_be_told)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = os.environ.get(LEVEL_VARIABLE, "INFO").upper()
    root.setLevel(level if level in logging.getLevelNamesMapping() else "INFO")
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel("WARNING")


def log_crashes() -> None:
    """Has warnings and the last words of this process and its threads logged too, without the text of any error."""
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda _, error, __: _crashed(error)
    threading.excepthook = lambda arguments: _crashed(arguments.exc_value)


def _crashed(error: BaseException | None) -> None:
    if not isinstance(error, KeyboardInterrupt | None):
        _LOG.error(CRASHED, extra=error_facts(error))


def _is_to_be_told(record: logging.LogRecord) -> bool:
    """Libraries tell bodies of requests below WARNING: manifests, and with them secrets."""
    return record.levelno >= logging.WARNING or _is_ours(record)


def _is_ours(record: logging.LogRecord) -> bool:
    """By its logger or its name: functions-framework gives a function's own modules names that tell nothing."""
    return record.name.startswith(_OURS) or (record.msg in EVENTS and not record.args)


@contextmanager
def logging_to(path: Path, logger_name: str) -> Iterator[None]:
    """Has a part of this process log JSON lines to a file, and nowhere else, for as long as the block runs."""
    logger = logging.getLogger(logger_name)
    handlers, propagate, level = logger.handlers[:], logger.propagate, logger.level
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonFormatter())
    logger.handlers[:], logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)
        handler.close()


class JsonFormatter(logging.Formatter):
    """One record as one line of JSON: time, level, event, logger, what is bound, then the record's own facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without line break."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "event": record.msg if _is_ours(record) else LIBRARY_MESSAGE,
            "logger": record.name,
            **_BOUND.get(),
        }
        line |= _facts_of(record)
        if record.exc_info and record.exc_info[1]:
            line |= error_facts(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def error_facts(error: BaseException) -> dict[str, Any]:
    """What may be logged of an error: our own message; of any other its type and the places that it passed."""
    if isinstance(error, StandbyError):
        return {"error": type(error).__name__, "cause": str(error)[:_MAX_TEXT]}
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "places": [f"{os.path.basename(f.filename)}:{f.lineno} {f.name}" for f in frames[-12:]],  # noqa: PTH119
    }


def _facts_of(record: logging.LogRecord) -> dict[str, Any]:
    if not _is_ours(record):
        # Not what a library has put into its message: addresses with their queries, headers, bodies.
        return {"text": (str(record.msg).splitlines() or [""])[0][:_MAX_FOREIGN_TEXT]}
    facts = {name: _fact(fact) for name, fact in vars(record).items() if name not in _STANDARD}
    return {name: fact for name, fact in facts.items() if name not in ALWAYS}


def _fact(fact: Any) -> Any:
    if fact is None or isinstance(fact, bool | int | float):
        return fact
    if isinstance(fact, list | tuple):
        return [_fact(item) for item in fact[:100]]
    return str(fact)[:_MAX_TEXT]
