"""How functions run: HTTP in, events decoded, work dispatched; and on one machine: processes, relay, timer."""
