"""Desired state of each cluster and observed conditions (할당)."""
