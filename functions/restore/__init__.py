"""Brings a standby cluster to what a snapshot says."""
