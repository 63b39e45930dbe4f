"""Parameters from one model to another that is not quite the same."""

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasaug.transfer.transfer_report import TransferReport, WeightTransfer
from kerasaug.transfer.weight_mapping import apply_mapping
from kerasaug.transfer.weight_matching import Match, match
from kerasaug.transfer.weight_parts import Part, parts_of, variables_of
from kerasaug.transfer.weight_sources import source_parts

_BY = ("auto", "name", "shape")
_ADAPT = (None, "sum", "mean")
_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)


def transfer_weights(
    source: keras.Model | str | os.PathLike,
    target: keras.Model,
    *,
    mapping: Mapping[str, str | None] | Callable[[str], str | None] | Sequence[tuple[str, str]] | None = None,
    by: str = "auto",
    skip_mismatched: bool = True,
    adapt_input: str | None = None,
    strict: bool = False,
    verbose: int = 1,
) -> TransferReport:
    """Copies the weights of every layer of one model that another has too, and reports what was and was not copied.

    When one weight of a layer has another shape, all of the layer's stay, BatchNormalization's statistics too. Weights
    that the source's layer does not have, such as the bias of one without, stay as they are while the others are
    copied; the report lists such layers as `partial`. Models may be nested differently, and a wrapper around one of
    them changes nothing. The values are copied, so that training one model never changes the other. Optimizers are not
    touched.

    Args:
        source: A built model, or a `.keras`, `.weights.h5` or legacy `.h5` file. Files need no optimizer and no class
            that is not registered.
        target: The built model to fill.
        mapping: Where names differ: a dict from layers of the source to layers of the target, where the name of a
            model stands for all inside it and `None` leaves a layer out; a function from a path (`"encoder/dense"`) to
            the other, or `None`; or pairs of a regular expression and its replacement, applied one after another.
        by: How layers are found to correspond. `"auto"`: those with a name of their own by it, and those with a
            name of Keras's (`conv2d_17`), whose number says only what was made before, by kind, order and shape.
            `"name"`: by names as they stand. `"shape"`: by order and shape alone. Defaults to `"auto"`.
        skip_mismatched: Whether layers of other shapes stay as they are; otherwise they are an error. Defaults to
            `True`.
        adapt_input: What happens when the first convolution of the target has another number of input channels.
            `"sum"`, timm's rule: the source's kernels in turn, scaled by the ratio of the numbers, and their sum for a
            single channel. `"mean"`: the mean of the source's kernels for each channel, scaled likewise, which answers
            to an image of equal channels as before. Defaults to `None`: it is a mismatch.
        strict: Whether anything mismatched, missing or unused is an error. Defaults to `False`.
        verbose: 0 prints nothing; 1 prints the report; 2 also what was loaded as it is. Defaults to 1.

    Returns:
        The `TransferReport`.

    Raises:
        ValueError: When nothing corresponds, or as `strict` and `skip_mismatched` say; the target is then as before.
        TypeError: When an argument is of another kind.
        FileNotFoundError: When there is no such file.

    Example:

    ```python
    import keras
    from kerasaug.transfer import transfer_weights

    def network(classes):
        layers = [keras.layers.Dense(8, name="body"), keras.layers.Dense(classes, name="head")]
        return keras.Sequential([keras.Input((4,)), *layers])

    report = transfer_weights(network(1000), network(3))
    assert [row.layer for row in report.loaded] == ["body", "body"]
    assert [row.shape for row in report.mismatched] == [(8, 3), (3,)]
    ```

    Reference:
        - [timm, adapt_input_conv](https://github.com/huggingface/pytorch-image-models)
    """
    _check(target, by, adapt_input)
    sources, ordered = source_parts(source)
    if by == "shape" and not ordered:
        raise ValueError(
            "transfer_weights expects a source in the order of its layers with by='shape'. Received: "
            f"{source}, which does not keep it: load it into its model and pass that."
        )
    targets = parts_of(target)
    matches, rest = apply_mapping(sources, targets, mapping)
    taken = {id(found.target) for found in matches}
    matches += match(rest, [part for part in targets if id(part) not in taken], by)
    plan = _Plan(targets, matches, adapt_input)
    report = plan.report(sources)
    _refuse(report, source, sources, targets, skip_mismatched, strict)
    plan.run()
    if verbose:
        report.print(everything=verbose > 1)
    return report


class _Plan:
    """What is copied where; nothing is until `run`."""

    def __init__(self, targets: Sequence[Part], matches: Sequence[Match], adapt_input: str | None) -> None:
        self._targets = targets
        self._adapt = adapt_input
        self._first = next((part for part in targets if isinstance(part.layer, _CONVOLUTIONS)), None)
        self._by_target = {id(found.target): found for found in matches}
        self._pairs = {id(found.target): _weights(found.source, found.target) for found in matches}

    def report(self, sources: Sequence[Part]) -> TransferReport:
        """What will have been done."""
        loaded: list[WeightTransfer] = []
        mismatched: list[WeightTransfer] = []
        missing: list[WeightTransfer] = []
        used: set[tuple[int, str]] = set()
        for target in self._targets:
            found = self._by_target.get(id(target))
            pairs = self._pairs.get(id(target), {})
            rows = [self._row(target, name, found, pairs.get(name)) for name in target.shapes]
            missing += [row for row in rows if row.source is None]
            (loaded if self._fits(target) else mismatched).extend(row for row in rows if row.source is not None)
            if found:
                used |= {(id(found.source.read), name) for name in pairs.values()}
        unused = [
            WeightTransfer(part.name, name, shape)
            for part in sources
            for name, shape in part.shapes.items()
            if (id(part.read), name) not in used
        ]
        return TransferReport(tuple(loaded), tuple(mismatched), tuple(missing), tuple(unused))

    def run(self) -> None:
        """Copies."""
        for target in self._targets:
            if not self._pairs.get(id(target)) or not self._fits(target):
                continue
            source, variables = self._by_target[id(target)].source, variables_of(target)
            for name, other in self._pairs[id(target)].items():
                value = source.read(other)
                variables[name].assign(self._adapted(value, target.shapes[name]))
            if isinstance(target.layer, keras.layers.Normalization):
                target.layer.finalize_state()  # it computes with what it makes of its weights here

    def _row(self, target: Part, name: str, found: Match | None, other: str | None) -> WeightTransfer:
        shape = target.shapes[name]
        if found is None or other is None:
            return WeightTransfer(target.name, name, shape)
        received = found.source.shapes[other]
        adapted = received != shape and self._fits(target)
        return WeightTransfer(target.name, name, shape, found.source.name, received, found.rule, adapted)

    def _fits(self, target: Part) -> bool:
        source = self._by_target[id(target)].source if id(target) in self._by_target else None
        return source is None or all(
            source.shapes[other] == target.shapes[name] or self._adaptable(target, source.shapes[other], name)
            for name, other in self._pairs[id(target)].items()
        )

    def _adaptable(self, target: Part, received: tuple[int, ...], name: str) -> bool:
        expected = target.shapes[name]
        return (
            self._adapt is not None
            and target is self._first
            and getattr(target.layer, "groups", 1) == 1
            and len(expected) == len(received) > 2
            and expected[:-2] + expected[-1:] == received[:-2] + received[-1:]
        )

    def _adapted(self, value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        if value.shape == shape:
            return value
        old, new = value.shape[-2], shape[-2]
        dtype, value = value.dtype, value.astype("float32")
        if self._adapt == "mean" or new == 1:
            tiled = np.repeat(value.mean(-2, keepdims=True), new, axis=-2)
        else:
            tiled = np.take(value, np.arange(new) % old, axis=-2)
        return (tiled * (old / new)).astype(dtype)


def _weights(source: Part, target: Part) -> dict[str, str]:
    """The names of the weights of two layers that correspond, from the target's to the source's."""
    common = {name: name for name in target.shapes if name in source.shapes}
    if common and not source.anonymous:
        return common
    if len(source.shapes) == len(target.shapes):
        return dict(zip(target.shapes, source.shapes, strict=True))
    return {}  # of names that nothing is known of, a BatchNormalization without gamma would take beta for it


def _refuse(
    report: TransferReport,
    source: Any,
    sources: Sequence[Part],
    targets: Sequence[Part],
    skip_mismatched: bool,
    strict: bool,
) -> None:
    if strict and not report.complete:
        raise ValueError(
            f"transfer_weights expects two models of the same weights with strict=True. Received:\n{report}"
        )
    if not skip_mismatched and report.mismatched:
        raise ValueError(
            f"transfer_weights expects equal shapes with skip_mismatched=False. Received:\n{report}\nPass "
            "skip_mismatched=True to leave those layers as they are."
        )
    if report.loaded:
        return
    names = [part.name for part in sources]
    near = next((found for part in targets if (found := difflib.get_close_matches(part.name, names, n=1))), None)
    raise ValueError(
        "transfer_weights expects models with layers that correspond. Received: no weight that could be loaded from "
        f"{getattr(source, 'name', source)!r}, with layers such as {names[:3]}, into layers such as "
        f"{[part.name for part in targets[:3]]}{f' (closest: {near[0]!r})' if near else ''}.\n{report}\nPass "
        "`mapping`, or by='shape'."
    )


def _check(target: Any, by: Any, adapt_input: Any) -> None:
    if not isinstance(target, keras.Layer):
        raise TypeError(f"transfer_weights expects a keras.Model to fill. Received: {type(target).__name__}.")
    if not target.built:
        raise ValueError(
            f"transfer_weights expects a built target. Received: {target.name!r}, which has no weights yet: give it a "
            "`keras.Input`, or call it once on a batch."
        )
    if by not in _BY:
        raise ValueError(f"transfer_weights expects `by` to be one of {_BY}. Received: {by!r}.")
    if adapt_input not in _ADAPT:
        raise ValueError(f"transfer_weights expects `adapt_input` to be one of {_ADAPT}. Received: {adapt_input!r}.")
