"""Published face detectors → bundles; one module a detector family."""
