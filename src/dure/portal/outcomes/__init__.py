"""Reports and results of awards (성과)."""
