"""Networks of our own: one description, built in PyTorch to train and in Keras to convert."""
