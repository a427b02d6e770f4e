"""What gunicorn says goes to where our own log goes, in the same form: lines of another one would break a reader."""

from typing import Any


def logger_class() -> type:
    """For gunicorn's setting of that name: its logger without handlers of its own."""
    from gunicorn.glogging import Logger  # type: ignore[import-untyped]

    class PassingOn(Logger):  # type: ignore[misc]
        def setup(self, cfg: Any) -> None:
            super().setup(cfg)
            self.error_log.handlers.clear()
            self.error_log.propagate = True

    return PassingOn
