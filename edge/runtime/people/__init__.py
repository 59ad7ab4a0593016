"""Faces over time → visits: tracking, evidence of age and gender, zones, lines, posters."""
