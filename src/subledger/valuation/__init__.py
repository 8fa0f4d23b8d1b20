"""Valuation: which price marks an instrument, and which rate converts an amount, on a date."""
