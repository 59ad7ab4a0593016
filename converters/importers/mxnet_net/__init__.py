"""mxnet's networks: -symbol.json and .params, read without mxnet."""
