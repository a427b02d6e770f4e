"""What goes wrong in practice, seen from the command line: one clear error, non-zero, the last good snapshot intact."""
