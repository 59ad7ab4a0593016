"""An evaluation and its cards as Markdown with plots, for a person to look at."""
