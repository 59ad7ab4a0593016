"""Frames → when and in which region faces are looked for: motion mask, urgency, schedule."""
