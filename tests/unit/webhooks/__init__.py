"""Webhooks: proof, reading, matching, and the requests that come of them."""
