"""The store: sealed segments, the control database that decides what exists, and their proof."""
