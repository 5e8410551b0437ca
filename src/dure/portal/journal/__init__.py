"""Append-only record of every operation, each entry chained to the one before."""
