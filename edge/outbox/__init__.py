"""The durable queue between vision and publisher: counted windows in, in order, until delivered."""
