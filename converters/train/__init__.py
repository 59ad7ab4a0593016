"""Training of our own estimator: labelled faces → chips → network → .tflite and card."""
