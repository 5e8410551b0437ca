"""A whole programme in virtual time, and the synthetic people and texts that play in it."""
