"""Manifests in files that people wrote, read as kubectl reads them, under limits, each with its file and line."""
