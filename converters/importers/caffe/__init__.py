"""Caffe's networks: a structure in protobuf's text form, weights in its binary form."""
