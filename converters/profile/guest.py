"""Invoke one .tflite file between two marks; runs inside the emulated Arm machine.

    python guest.py MODEL

getppid() is the mark that the counting plugin answers with a line on standard error.
"""

import os
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

WARM_UP = 2


def main() -> None:
    """Warm up, mark, invoke, mark."""
    interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
    entry = interpreter.get_input_details()[0]
    shape = [1, *entry["shape"][1:]]
    interpreter.resize_tensor_input(entry["index"], shape)
    interpreter.allocate_tensors()
    values = np.random.default_rng(0).integers(0, 127, shape)
    interpreter.set_tensor(entry["index"], values.astype(entry["dtype"]))
    for _ in range(WARM_UP):
        interpreter.invoke()
    os.getppid()
    interpreter.invoke()
    os.getppid()


if __name__ == "__main__":
    main()
