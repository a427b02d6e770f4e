"""What we depend on: that it is locked, what it is, and whether weaknesses of it are known."""
