"""What leaves the house: the ledger as text, the workbook, the files of auditors."""
