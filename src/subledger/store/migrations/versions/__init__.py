"""The migrations, each named by its number; one that was shipped is never edited."""
