"""One module per source format: parsing only, no accounting."""
