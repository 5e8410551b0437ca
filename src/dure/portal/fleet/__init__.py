"""Providers, clusters, nodes, bookings, agents' tokens and inventory."""
