"""Where a number came from: the walk from an entry, lot, relief or trade to file and row."""
