"""`python -m kubestandby.runtime.fn`: serves the function that the image names.

functions-framework's own variables say which: `FUNCTION_TARGET` is its name, `FUNCTION_SOURCE` its main.py.
"""

import os
import sys
from pathlib import Path

from kubestandby.errors import ConfigError
from kubestandby.runtime.deadlines import time_limit
from kubestandby.runtime.fn.serving import listener_path, serve
from kubestandby.runtime.logs import set_up_logging


def main() -> int:
    """Serves until told to stop; 2 where the environment is wrong."""
    try:
        listener = listener_path()
        time_limit()
        function, source = (_variable(name) for name in ("FUNCTION_TARGET", "FUNCTION_SOURCE"))
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - before there is a log
        return 2
    set_up_logging()
    serve(function, Path(source), listener)
    return 0


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set; the image sets it")
    return value


if __name__ == "__main__":
    sys.exit(main())
