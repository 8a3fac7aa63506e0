"""The version of lapsmith. This module imports nothing, so that anything can ask for it."""

__version__ = "0.1.0"
