"""`deploy/knative`: what it says of itself, and what an API server says of it."""
