"""Facts from outside: their kinds, validation, canonical form and identity."""
