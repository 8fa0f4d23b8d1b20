"""Booking: the pure function from events, rules, policies and opening lots to entries."""
