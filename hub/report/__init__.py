"""Windows in a store → figures by hour, day or week, of devices or sites: text, CSV, JSON."""
