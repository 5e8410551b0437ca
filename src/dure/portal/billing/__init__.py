"""Months, invoices, lines (청구)."""
