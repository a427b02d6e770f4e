"""The command line: writes requests, waits for outcomes, reads the store, shows it."""
