"""Idle findings, notices and reclaims (회수)."""
