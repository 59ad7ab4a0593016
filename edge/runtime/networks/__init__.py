"""Model files → networks ready to run: cards, interpreters, batch sizes, what is installed."""
