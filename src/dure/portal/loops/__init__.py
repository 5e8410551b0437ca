"""The portal's loops and their leases."""
