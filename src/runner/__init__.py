"""Composes, checks, trains, records, resumes and compares PyTorch experiments described in YAML."""

__version__ = "0.1.0"
