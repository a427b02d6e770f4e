"""Exit statuses of the command line, as `--help` documents them."""

OK = 0
FAILED = 1
"""Something failed, was refused, or arrived only in part: the message says what."""
WOULD_CHANGE = 2
"""`plan` alone: the restore would change something."""
TIMED_OUT = 3
"""The work was asked for, and goes on, but had no outcome in the time given."""
USAGE = 64
"""The command line or the configuration is wrong (EX_USAGE of sysexits.h)."""
INTERRUPTED = 130
"""Stopped by Ctrl-C, as shells count it: 128 + SIGINT."""

EXPLAINED = (
    (OK, "all is well; for plan: nothing would change"),
    (FAILED, "failed, refused, or arrived only in part: the message says what"),
    (WOULD_CHANGE, "plan only: something would change"),
    (TIMED_OUT, "no outcome within --timeout; the request stays and is still carried out"),
    (USAGE, "wrong command line or configuration"),
)
