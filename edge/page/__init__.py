"""History and what the publisher tells → a page for a browser; no broker, no camera, no numpy."""
