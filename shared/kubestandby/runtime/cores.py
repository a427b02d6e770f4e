"""No core dumps: the memory of export and restore holds Secrets in clear, and a dump would be a file with them."""

import resource


def leave_no_core() -> None:
    """Has the kernel write no core file of this process and those that it starts, whatever kills them."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
