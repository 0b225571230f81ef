"""All SQL: tables, the transaction, and a file per noun."""
