"""Does it go on for ever? The product under faults, and its stages over millions of frames."""
