"""Face detectors, one module a network family; all return `Face`."""
