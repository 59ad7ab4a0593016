"""Training of our own estimator."""
