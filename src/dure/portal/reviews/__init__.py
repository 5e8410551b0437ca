"""Reviewers, assignments, conflicts of interest and scores (평가)."""
