"""Offers, acceptance, agreements (선정·협약)."""
