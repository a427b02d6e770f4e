"""`up`: the three functions on this machine, until stopped, and what they are doing."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live

from kubestandby.cli import exits
from kubestandby.cli.options import DURATION, configured, examples
from kubestandby.cli.session import Session, check_keys
from kubestandby.cli.status_view import GroupStatus, group_status
from kubestandby.cli.tables import cell, show
from kubestandby.cli.terminal import messages
from kubestandby.cli.up_tables import Event, FunctionView, event_line, functions_table, up_view, webhooks_table
from kubestandby.cli.wording import duration
from kubestandby.groups import ProtectionGroup
from kubestandby.layout import Function
from kubestandby.runtime.deliveries import Delivered
from kubestandby.runtime.local import up as run_until_stopped
from kubestandby.runtime.logs import set_up_logging
from kubestandby.runtime.supervisor import Functions

_EVENTS_SHOWN = 12
_STATUS_EVERY_SECONDS = 2.0
_DRAWN_PER_SECOND = 4


@click.command(
    epilog=examples(
        "kubestandby up --config shop.yaml --port 8080",
        'curl -d \'{"action": "export", "group": "shop"}\' http://127.0.0.1:8080/  # from this machine only',
    )
)
@configured
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    metavar="PORT",
    help="Of the export function, for webhooks; any free one by default.",
)
@click.option(
    "--tick",
    type=DURATION,
    default="60s",
    show_default=True,
    metavar="TIME",
    help="How often to make good what lost events left undone.",
)
@click.option("--plain", is_flag=True, help="One line per event, also on a terminal.")
def up(session: Session, port: int | None, tick: float, plain: bool) -> int:
    """Serve all groups on this machine until Ctrl-C.

    Runs the three functions, relays their events, keeps the timer.

    Exports run by each group's schedule, by webhook (a signed POST to the export function) and by request; the standby
    follows.
    On a terminal a table shows functions, groups and events.
    """
    check_keys(session.groups)
    console = messages()
    view = LiveView(session, console) if console.is_terminal and not plain else PlainView(session, console)
    with view:
        run_until_stopped(
            session.config,
            session.groups,
            export_port=port,
            tick_seconds=tick,
            on_ready=view.ready,
            on_delivered=lambda delivered: view.event(_event(session, delivered)),
        )
    return exits.OK


def _event(session: Session, delivered: Delivered) -> Event:
    call = delivered.call
    label = short_label(call.label, session.groups)
    return Event(session.clock.now(), call.function, label, delivered.status, delivered.attempts, delivered.seconds)


def short_label(label: str, groups: Sequence[ProtectionGroup]) -> str:
    """`east data raw/shop/1-7/index.json` in place of the bucket's URL."""
    for site in (site for group in groups for site in group.sites):
        for bucket, url in (("data", site.data), ("control", site.control)):
            if label.startswith(f"{url}/"):
                return f"{site.name} {bucket} {label.removeprefix(f'{url}/')}"
    return label


def _log_to_file(functions: Functions, ending: ExitStack) -> None:
    """What the supervisor logs goes where the functions log to: the terminal is for the view."""
    set_up_logging(ending.enter_context(functions.log.open("a", encoding="utf-8")))
    ending.callback(logging.getLogger().handlers.clear)


def _views(functions: Functions) -> list[FunctionView]:
    return [FunctionView(function, functions.url(function), functions.pid(function)) for function in Function]


class PlainView:
    """One line per event."""

    def __init__(self, session: Session, console: Console) -> None:
        self._session = session
        self._console = console
        self._ending = ExitStack()

    def __enter__(self) -> "PlainView":
        """Nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Says that it is over."""
        self._ending.close()
        self._console.print("stopped")

    def ready(self, functions: Functions) -> None:
        """Says where the functions are."""
        _log_to_file(functions, self._ending)
        views = _views(functions)
        show(self._console, functions_table(views), webhooks_table(views, self._session.groups))
        self._console.print(f"log: {functions.log}", soft_wrap=True)
        self._console.print("up; stop with Ctrl-C")

    def event(self, event: Event) -> None:
        """Tells one event."""
        self._console.print(event_line(event), soft_wrap=True)


class LiveView:
    """A table that is drawn again and again."""

    def __init__(self, session: Session, console: Console) -> None:
        self._session = session
        self._console = console
        self._events: deque[Event] = deque(maxlen=_EVENTS_SHOWN)
        self._functions: Functions | None = None
        self._statuses: list[GroupStatus] = []
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="status", daemon=True)
        self._ending = ExitStack()
        self._started = session.clock.now()
        self._live = Live(
            get_renderable=self._draw, console=console, refresh_per_second=_DRAWN_PER_SECOND, redirect_stderr=False
        )

    def __enter__(self) -> "LiveView":
        """Starts to draw."""
        self._live.start()
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leaves the last picture on the terminal."""
        self._stop.set()
        self._watcher.join()
        self._live.stop()
        self._ending.close()
        self._console.print("stopped")

    def ready(self, functions: Functions) -> None:
        """From now on there are functions to show."""
        _log_to_file(functions, self._ending)
        self._functions = functions

    def event(self, event: Event) -> None:
        """Adds one event."""
        self._events.append(event)

    def _watch(self) -> None:
        """Reads the stores now and then: drawing must not wait for them."""
        while True:
            self._statuses = [group_status(self._session, group) for group in self._session.groups]
            if self._stop.wait(_STATUS_EVERY_SECONDS):
                return

    def _draw(self) -> RenderableType:
        if self._functions is None:
            return cell("starting the three functions ...")
        head = cell(
            f"kubestandby up, for {duration((self._session.clock.now() - self._started).total_seconds())}", "bold"
        )
        log = cell(f"log: {self._functions.log}", "dim")
        return Group(
            head, up_view(_views(self._functions), self._statuses, tuple(self._events), self._session.groups), log
        )
