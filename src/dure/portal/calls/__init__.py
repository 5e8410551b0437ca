"""Calls for applications (공모)."""
