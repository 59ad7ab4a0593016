"""The converters: sources, bundles, networks, evidence."""
