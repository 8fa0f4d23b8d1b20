"""Operations: one function per command; the only rooms that join store, core and exports."""
