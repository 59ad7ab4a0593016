"""`agender-convert dataset`: public sets, as they are published, → the training layout."""
