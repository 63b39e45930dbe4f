"""A SavedModel as a server sees it: its signature, its graph, what it returns."""

import numpy as np
import tensorflow as tf


def signature_of(folder):
    function = tf.saved_model.load(str(folder)).signatures["serving_default"]
    inputs = function.structured_input_signature[1]
    return {k: (s.dtype.name, s.shape.as_list()) for k, s in inputs.items()}, {
        k: (s.dtype.name, s.shape.as_list()) for k, s in function.structured_outputs.items()
    }


def nodes_of(folder):
    loaded = tf.saved_model.load(str(folder))  # keeps the graph alive
    graph = loaded.signatures["serving_default"].graph.as_graph_def()
    functions = list(graph.library.function)
    return functions, [*graph.node, *(node for function in functions for node in function.node_def)]


def serve(folder, inputs):
    loaded = tf.saved_model.load(str(folder))  # which must outlive its function
    return {name: value.numpy() for name, value in loaded.serve(inputs).items()}


def numbers(*shape):
    return np.random.default_rng(3).normal(size=shape).astype("float32")
