"""Problems, plans and ranks (배분안)."""
