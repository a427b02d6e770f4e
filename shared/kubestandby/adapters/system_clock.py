"""The machine's own time."""

import time
from datetime import UTC, datetime


class SystemClock:
    """`ports.Clock` over the machine's clock."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)
