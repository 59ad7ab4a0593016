"""What mypy must make of the public types: checked by `make lint`, run by nobody."""
