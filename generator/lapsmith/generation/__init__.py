"""Inputs to files: analysis, the pipeline for one client, runs over many, and why a client is not up to date."""
