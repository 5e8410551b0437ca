"""The cluster adapters: one port, and who answers behind it."""
