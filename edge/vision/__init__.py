"""The process that sees: camera and models in, anonymised windows into the outbox; no network."""
