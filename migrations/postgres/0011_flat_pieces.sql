-- Only SQLite has a choice here: PostgreSQL keeps rows beside its indexes always.
SELECT 1;
