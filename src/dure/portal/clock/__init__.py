"""The portal's one reading of time: the wall clock, or a virtual instant in the database."""
