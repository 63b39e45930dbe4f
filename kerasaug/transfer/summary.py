"""Who trains, at what rate: a table of a model's layer groups."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
from keras import ops

from kerasaug.backend import built_on
from kerasaug.transfer.groups import LayerGroup, layer_groups
from kerasaug.transfer.optimizer import FineTuneMixin, spared_by, unwrapped

Row = dict[str, Any]

_COLUMNS = {
    "name": "Group",
    "layers": "Layers",
    "parameters": "Params",
    "trainable": "Trained",
    "bn_frozen": "BN\nfrozen",
    "bn_training": "BN\ntrains",
    "learning_rate": "Learning\nrate",
    "weight_decay": "Weight\ndecay",
    "spared": "Not\ndecayed",
}
_SUMS = ("layers", "parameters", "trainable", "bn_frozen", "bn_training", "spared")


def group_summary(model: keras.Model, groups: Sequence[LayerGroup] | None = None, verbose: int = 1) -> Row:
    """Prints a table of the layer groups, what of them trains and how, and returns it as plain data.

    Rates are those of the next step: the optimizer's own, a schedule evaluated, times the group's multiplier, times its
    warm-up. Before `compile()` there are none, and a group that is frozen has none.

    Args:
        model: A built model.
        groups: The groups, bottom first. Defaults to `layer_groups(model)`.
        verbose: 1 prints the table, 0 does not. Defaults to 1.

    Returns:
        `{"groups": [row, …], "total": row}`, bottom first. A row is a dict of

        - `name`; `layers`, the number of layers with weights of their own;
        - `parameters` and `trainable`, numbers of scalars;
        - `bn_frozen` and `bn_training`, numbers of BatchNormalization layers in inference mode and not;
        - `learning_rate`, a float; a list of floats from the lowest up where it differs within the group; or `None`;
        - `weight_decay` of the trainable weights that are decayed, or `None`;
        - `spared`, the number of trainable scalars that are spared weight decay, or `None` where there is none.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    kerasaug.transfer.freeze_to(model, -1)
    model.compile(kerasaug.transfer.finetune_optimizer("adamw", model, learning_rate=slice(1e-4, 1e-2)), "mse")
    table = kerasaug.transfer.group_summary(model)
    table["total"]["parameters"], table["total"]["trainable"]  # 23, 8
    ```

    Reference:
        `keras.Model.summary`; fastai's `Learner.summary`.
    """
    groups = layer_groups(model) if groups is None else groups
    trainable = {id(variable) for variable in model.trainable_variables}
    optimizer = unwrapped(getattr(model, "optimizer", None))
    rows = [_row(group, trainable, optimizer) for group in groups]
    total = {"name": "total", **{name: _sum(row[name] for row in rows) for name in _SUMS}}
    result = {"groups": rows, "total": {name: total.get(name) for name in _COLUMNS}}
    if verbose:
        _print(result)
    return result


def _row(group: LayerGroup, trainable: set[int], optimizer: Any) -> Row:
    normalizations = [layer for layer in group.layers if isinstance(layer, keras.layers.BatchNormalization)]
    moving = [weight for weight in group.weights if id(weight) in trainable]
    decay = None if optimizer is None else _number(getattr(optimizer, "weight_decay", None))
    spared = _spared(optimizer, moving) if decay is not None else []
    return {
        "name": group.name,
        "layers": len(group.layers),
        "parameters": _size(group.weights),
        "trainable": _size(moving),
        "bn_frozen": sum(not layer.trainable for layer in normalizations),
        "bn_training": sum(layer.trainable for layer in normalizations),
        "learning_rate": None if optimizer is None else _rate(optimizer, moving),
        "weight_decay": decay if len(moving) > len(spared) else None,
        "spared": None if decay is None else _size(spared),
    }


def _rate(optimizer: Any, variables: Sequence[Any]) -> float | list[float] | None:
    if not variables or isinstance(optimizer, keras.optimizers.MultiOptimizer):
        return None
    base = float(ops.convert_to_numpy(optimizer.learning_rate))
    rates = sorted({base * scale for scale in _scales(optimizer, variables)})
    return rates[0] if len(rates) == 1 else rates or None


def _scales(optimizer: Any, variables: Sequence[Any]) -> list[float]:
    if not (isinstance(optimizer, FineTuneMixin) and optimizer.group_names):
        return [1.0]
    scales = ops.convert_to_numpy(optimizer.group_scales())
    return [float(scales[optimizer._group(variable)]) for variable in _known(optimizer, variables)]


def _spared(optimizer: Any, variables: Sequence[Any]) -> list[Any]:
    if isinstance(optimizer, FineTuneMixin):
        return [variable for variable in _known(optimizer, variables) if not optimizer._shrinks(variable)]
    return spared_by(optimizer, variables)


def _known(optimizer: Any, variables: Sequence[Any]) -> list[Any]:
    """Those that the optimizer was built on; after a `keras.saving.load_model`, some frozen then are not yet."""
    known = {id(variable) for variable in built_on(optimizer)}
    return [variable for variable in variables if id(variable) in known]


def _number(value: Any) -> float | None:
    return None if value is None else float(ops.convert_to_numpy(value))


def _size(weights: Iterable[Any]) -> int:
    return sum(int(ops.size(weight)) for weight in weights)


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _print(table: Row) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for name, title in _COLUMNS.items():
        shown.add_column(title, justify="left" if name == "name" else "right", no_wrap=True)
    for row in table["groups"]:
        shown.add_row(*map(_text, row.values()))
    shown.add_section()
    shown.add_row(*map(_text, table["total"].values()), style="bold")
    wide = Console(width=1000)
    width = wide.measure(shown).maximum
    Console(width=max(width, Console().width)).print(shown)  # a number that is cut off misleads


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return f"{value[0]:.3g} … {value[-1]:.3g}"
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
