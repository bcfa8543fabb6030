"""The database: Django's PostgreSQL backend, and an embedded server when DATABASE_URL is unset."""
