"""What `up` shows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from kubestandby.cli.status_tables import status_view
from kubestandby.cli.status_view import GroupStatus
from kubestandby.cli.tables import BAD, DIM, GOOD, WARN, cell, stacked, table
from kubestandby.cli.wording import counted, duration
from kubestandby.groups import ProtectionGroup
from kubestandby.layout import Function
from kubestandby.runtime.webhooks.endpoint import url_path


@dataclass(frozen=True, slots=True)
class FunctionView:
    """One function's process; `pid` is 0 while it is started again."""

    function: Function
    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class Event:
    """One call that has come to its end: an event, a tick or a timer's export. `status` is its last HTTP status."""

    at: datetime
    function: Function
    label: str
    status: int
    attempts: int
    seconds: float


def functions_table(functions: Sequence[FunctionView]) -> RenderableType:
    """Where each function is."""
    made = table("", ("function", "state", "url"))
    for one in functions:
        state = cell(f"running, process {one.pid}", GOOD) if one.pid else cell("starting again", WARN)
        made.add_row(cell(one.function), state, cell(one.url))
    return made


def webhooks_table(functions: Sequence[FunctionView], groups: Sequence[ProtectionGroup]) -> RenderableType | None:
    """Where each webhook is posted to; None where there are none."""
    base = next((one.url.rstrip("/") for one in functions if one.function is Function.EXPORT), "")
    made = table("", ("webhook", "of", "url"))
    for group in groups:
        for webhook in group.webhooks:
            where = (
                cell("an event of the platform", DIM)
                if webhook.kind.is_event
                else cell(base + url_path(group, webhook))
            )
            made.add_row(cell(f"{group.name} {webhook.name}"), cell(webhook.kind), where)
    return made if made.row_count else None


def event_line(event: Event) -> Text:
    """One event as a line."""
    line = cell(f"{event.at:%H:%M:%S}  ", DIM)
    line.append_text(cell(f"{event.function:<8}  ")).append_text(_verdict(event))
    line.append_text(cell(f"  {event.label}  "))
    tries = f", {counted(event.attempts, 'attempt')}" if event.attempts > 1 else ""
    return line.append_text(cell(f"{duration(event.seconds)}{tries}", DIM))


def _verdict(event: Event) -> Text:
    if 200 <= event.status < 300:
        return cell(event.status, GOOD)
    return cell(event.status or "no answer", BAD)


def up_view(
    functions: Sequence[FunctionView],
    statuses: Sequence[GroupStatus],
    events: Sequence[Event],
    groups: Sequence[ProtectionGroup] = (),
) -> RenderableType:
    """Functions, webhooks, groups, events."""
    told = [event_line(event) for event in events] or [cell("no event yet", DIM)]
    webhooks = webhooks_table(functions, groups)
    return stacked(
        functions_table(functions),
        *([webhooks] if webhooks else []),
        *(status_view(status) for status in statuses),
        cell(""),
        *told,
    )
