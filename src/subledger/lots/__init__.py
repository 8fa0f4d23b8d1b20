"""Tax lots: what was bought, what it cost, and which of it a disposal uses up.

Laws: cost in = cost relieved + cost open, quantity likewise, to the last unit; no lot is negative.
"""
