"""Messages off a broker → batches → the store; a message is acknowledged after the commit."""
