"""Webhooks: deployments elsewhere that ask for an export here, and can ask for nothing else."""
