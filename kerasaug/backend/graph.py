"""The calls that a Functional or Sequential model is made of, which Keras keeps to itself."""

from typing import Any, NamedTuple

import keras


class Call(NamedTuple):
    """One call of a layer (or of an operation) on symbolic tensors."""

    layer: Any
    inputs: list[Any]
    outputs: list[Any]
    node: Any


def is_graph(layer: Any) -> bool:
    """Whether `layer` is a model whose calls can be seen."""
    return isinstance(layer, keras.Model) and getattr(layer, "inputs", None) is not None


def calls(graph: keras.Model) -> list[Call]:
    """The calls of a Functional or Sequential model, in the order of computation.

    `layer.output` would do for most, but raises for a layer that is called twice, as those are which two models share.
    """
    if isinstance(graph, keras.Sequential):
        graph = keras.Model(graph.inputs, graph.outputs)
    nodes = [node for _, row in sorted(graph._nodes_by_depth.items(), reverse=True) for node in row]
    return [
        Call(node.operation, list(node.input_tensors), list(node.output_tensors), node)
        for node in nodes
        if node.operation is not None and not node.is_input
    ]


def input_of(graph: keras.Model) -> Any:
    """The structure of symbolic inputs that a graph itself has; `Sequential.input` is that of a call of it."""
    return graph.inputs[0] if isinstance(graph, keras.Sequential) else graph.input


def inputs_given(call: Call) -> list[Any]:
    """What the call of a graph gives to each of its inputs, which may be less than it was called with.

    As Keras does it: a dict is looked up by the names of a list of inputs, and matched in order with a dict of them.
    """
    expected = call.layer.inputs
    given: Any = next(iter(call.node.arguments.args), None)
    names = [tensor.name for tensor in expected]
    by_name = isinstance(given, dict) and not isinstance(input_of(call.layer), dict) and {*names} <= {*given}
    return [given[name] for name in names] if by_name else call.inputs[: len(expected)]


def repeat(call: Call, instead: dict[int, Any], layer: Any = None) -> Any:
    """Makes a call once more, with other tensors where `instead` has them by `id`, and on request another layer."""

    def tensor(one: Any) -> Any:
        return instead.get(id(one), one) if isinstance(one, keras.KerasTensor) else one

    args, kwargs = call.node.arguments.convert(tensor)
    return (layer or call.layer)(*args, **kwargs)
