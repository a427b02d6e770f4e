"""Puts together what is in a function's container image, for `functions/Dockerfile` and the test that runs it."""
