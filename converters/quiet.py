"""What keeps other programs' notes to their own developers from burying what is said to a user."""

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "GLOG_minloglevel": "3"}
"""For the environment, before TensorFlow or Caffe's readers are imported."""
