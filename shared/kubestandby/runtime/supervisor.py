"""The three functions on one machine, kept running, with the events and ticks that make them work."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from kubestandby.adapters.group_file import bucket_urls
from kubestandby.adapters.stores import open_store
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.errors import StandbyError
from kubestandby.groups import ProtectionGroup
from kubestandby.layout import Function
from kubestandby.runtime.deliveries import Delivered, Deliveries
from kubestandby.runtime.instance import Instance, UpInfo
from kubestandby.runtime.logs import logging_to
from kubestandby.runtime.processes import FunctionProcess, FunctionStartError, check_port, free_port
from kubestandby.runtime.relay import Relay
from kubestandby.runtime.timer import Timer, tick_call
from kubestandby.stored_requests import pending_names

_LOG = logging.getLogger(__name__)
_START_SECONDS = 60.0
_START_ATTEMPTS = 3
_WATCH_SECONDS = 0.2
_MAX_LOG_BYTES = 16 << 20


class Functions:
    """Starts the functions of a configuration as processes and relays events to them; a context manager.

    When the block is entered they answer and every object that is created is noticed. When it is left they are gone.

    Attributes:
        info: where the functions are.
    """

    info: UpInfo

    def __init__(  # noqa: PLR0913 - switches of one machine, all with a default
        self,
        config: Path,
        groups: Sequence[ProtectionGroup],
        *,
        export_port: int | None = None,
        schedules: bool = False,
        events: bool = True,
        ticks: bool = True,
        tick_seconds: float = 60.0,
        on_delivered: Callable[[Delivered], None] = lambda _: None,
    ) -> None:
        """Says what to run.

        Args:
            config: the configuration file, for the processes.
            groups: what is in it.
            export_port: port of the export function, the webhook's; None takes any free one.
            schedules: whether groups are exported on their schedules.
            events: whether objects' events are relayed; without, only ticks move things on.
            ticks: whether what was left undone is taken up, at once and from time to time.
            tick_seconds: seconds between two ticks.
            on_delivered: told of every call that has come to its end.
        """
        self._config = config.absolute()
        self._groups = tuple(groups)
        self._export_port = export_port
        self._instance = Instance(self._config)
        self._processes: dict[Function, FunctionProcess] = {}
        self._deliveries = Deliveries(lambda function: self._processes[function].port, on_end=on_delivered)
        self._relay = Relay(bucket_urls(self._groups), self._deliveries.submit) if events else None
        timer = Timer(
            self._groups, self._deliveries.submit, SystemClock(), tick_seconds=tick_seconds, schedules=schedules
        )
        self._timer = timer if ticks else None
        self._stop = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        """Starts everything.

        Raises:
            AlreadyRunningError: the functions of this configuration run already.
            ConfigError: the port is taken, or the functions' code is not there.
            FunctionStartError: one does not come up.
        """
        with ExitStack() as undo:
            self._instance.take()
            undo.callback(self._instance.give_back)
            _shorten(self._instance.log)
            # The terminal belongs to the command that runs this.
            undo.enter_context(logging_to(self._instance.log, "kubestandby.runtime"))
            undo.callback(self._stop_processes)
            self._start_processes()
            self._keeper.start()
            undo.callback(self._stop_keeper)
            self._deliveries.start()
            undo.callback(self._deliveries.stop)
            if self._relay:
                self._relay.start()
                undo.callback(self._relay.stop)
            if self._timer:
                self._timer.start()
                undo.callback(self._timer.stop)
            self.info = self._instance.announce({name: process.url for name, process in self._processes.items()})
            self._exit = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops everything, the processes last."""
        self._exit.close()

    @property
    def log(self) -> Path:
        """The file that the functions log to."""
        return self._instance.log

    def url(self, function: Function) -> str:
        """Where a function answers."""
        return self._processes[function].url

    def pid(self, function: Function) -> int:
        """A function's process id, 0 while it is being started again."""
        return self._processes[function].pid

    def tick(self) -> None:
        """Sends a tick now."""
        self._deliveries.submit(tick_call())

    def quiet(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds until all events are delivered and all requests answered; whether they are.

        A function writes before it answers, so once nothing is under way, one look through the buckets tells all.
        """
        deadline = monotonic() + timeout
        while self._deliveries.wait_until_idle(deadline - monotonic()):
            if self._relay:
                self._relay.look()
            if self._deliveries.is_idle() and not self._pending():
                return True
            if monotonic() >= deadline:
                return False
            self._stop.wait(0.05)
        return False

    def _pending(self) -> bool:
        """Whether a request at any site that can be read has no outcome."""
        for group in self._groups:
            for site in group.sites:
                try:
                    if pending_names(open_store(site.control), group.name):
                        return True
                except StandbyError:
                    # A site that cannot be read has nothing that could become done.
                    continue
        return False

    def _start_processes(self) -> None:
        if self._export_port is not None:
            check_port(self._export_port)
        for attempt in range(1, _START_ATTEMPTS + 1):
            try:
                self._try_start()
            except FunctionStartError:
                # A port that was free when it was chosen may have been taken since.
                self._stop_processes()
                if attempt == _START_ATTEMPTS:
                    raise
            else:
                return

    def _try_start(self) -> None:
        for function in Function:
            port = self._export_port if function is Function.EXPORT and self._export_port is not None else free_port()
            withheld = frozenset() if function is Function.EXPORT else _webhook_variables(self._groups)
            self._processes[function] = FunctionProcess(
                function, self._config, port=port, log=self._instance.log, withheld=withheld
            )
            self._processes[function].start()
        deadline = monotonic() + _START_SECONDS
        for process in self._processes.values():
            process.wait_until_healthy(deadline)

    def _keep(self) -> None:
        while not self._stop.wait(_WATCH_SECONDS):
            for process in self._processes.values():
                process.keep_running()

    def _stop_keeper(self) -> None:
        self._stop.set()
        self._keeper.join()

    def _stop_processes(self) -> None:
        for process in self._processes.values():
            process.ask_to_stop()
        for process in self._processes.values():
            process.stop()


def _webhook_variables(groups: tuple[ProtectionGroup, ...]) -> frozenset[str]:
    """Environment variables that hold secrets of webhooks: only the export function takes deliveries."""
    webhooks = (webhook for group in groups for webhook in group.webhooks)
    return frozenset(reference.env for webhook in webhooks for reference in webhook.secrets if reference.env)


def _shorten(log: Path) -> None:
    """A log that has grown large starts afresh; the one before is kept."""
    if log.exists() and log.stat().st_size > _MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
