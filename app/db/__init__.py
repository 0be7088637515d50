"""The database: base of the tables, sessions, bulk writes."""
