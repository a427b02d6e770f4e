"""The command line. It needs no function's code: it writes requests, waits for outcomes, reads snapshots."""
