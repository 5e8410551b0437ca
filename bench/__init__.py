"""Benchmarks: figures and ratios against a named baseline in the same run, as rows of JSON. Never run by the tests."""
