"""Does it go on for ever? The whole product under faults, and its rooms over millions of frames."""
