"""Statements: trial balance, P&L, balance sheet, lot schedules and lists, as plain tables."""
