"""Valuation: which price an instrument is marked with on a date."""
