"""Mujaz: a daily news digest, Arabic first."""

__version__ = "0.1.0"
