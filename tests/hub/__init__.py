"""The hub against a real broker, a real SQLite file and a real PostgreSQL."""
