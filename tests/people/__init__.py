"""Following, placing, counting and folding people."""
