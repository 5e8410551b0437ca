"""What runs at a provider: asks the portal what should be, makes it so on one cluster, reports and meters."""
