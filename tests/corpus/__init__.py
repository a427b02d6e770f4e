"""Manifests of our own writing: every kind that a user can author, with what tools of this sort lose or damage."""
