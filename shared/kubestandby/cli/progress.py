"""Progress on stderr: a spinner where somebody looks at a terminal, one plain line per step elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from kubestandby.cli.terminal import marks, messages
from kubestandby.cli.wording import duration, printable


class Steps:
    """Steps of one piece of work, each told when it is done."""

    def __init__(self) -> None:
        self._console = messages()
        self._done, self._failed = marks(self._console)

    @contextmanager
    def doing(self, what: str) -> Iterator["Step"]:
        """Shows the step while its block runs, then a line with the seconds it took; an error marks it failed."""
        step = Step(what)
        started = monotonic()
        try:
            with self._spinner(step):
                yield step
        except BaseException:
            self._line(self._failed, step.text, monotonic() - started, "red")
            raise
        mark, style = (self._failed, "red") if step.has_failed else (self._done, "green")
        self._line(mark, step.text, monotonic() - started, style)

    def done(self, what: str, seconds: float | None = None) -> None:
        """A step that is over already."""
        self._line(self._done, what, seconds, "green")

    def act(self, title: str) -> None:
        """The heading of what follows."""
        self._console.print(Text(f"\n{printable(title)}", style="bold"), soft_wrap=True)

    def failed(self, what: str) -> None:
        """A step that did not come to its end."""
        self._line(self._failed, what, None, "red")

    @contextmanager
    def _spinner(self, step: "Step") -> Iterator[None]:
        if not self._console.is_terminal:
            yield
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task(printable(step.text), total=None)
            step.follow(lambda text: progress.update(task, description=printable(text)))
            yield

    def _line(self, mark: str, what: str, seconds: float | None, style: str) -> None:
        line = Text(mark, style=style).append(f" {printable(what)}", style="default")
        if seconds is not None:
            line.append(f"  {duration(seconds)}", style="dim")
        self._console.print(line, soft_wrap=True)


class Step:
    """One step under way; its text may become more exact as more is known."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.has_failed = False
        self._show: Callable[[str], None] = _nowhere

    def follow(self, show: Callable[[str], None]) -> None:
        """Where changes of the text are shown."""
        self._show = show

    def fail(self) -> None:
        """Marks the step: it came to its end, and not to a good one."""
        self.has_failed = True

    def now(self, text: str) -> None:
        """Changes the text."""
        if text != self.text:
            self.text = text
            self._show(text)


def _nowhere(_text: str) -> None:
    """Nobody looks."""
