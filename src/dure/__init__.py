"""Dure runs a public GPU programme from the call to the last invoice."""
