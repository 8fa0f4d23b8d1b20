"""Closing: which events belong to an open month, the checks of a close, and what a seal holds."""
