"""The three functions. Each is deployable alone: its own folder and the library."""
