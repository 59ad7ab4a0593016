"""The configuration in force → what people in front of the camera read: a sign and a page."""
