"""A convolution net as a graph of ONNX's operations → TensorFlow, N × H × W × C throughout.

ONNX, Caffe and mxnet files all become such a graph: they share the order N × C × H × W and most
operations.
"""
