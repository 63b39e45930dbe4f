"""Layers some of whose own weights never train, whoever sets `trainable`.

Keras keeps what trains in two flags, the layer's and the variable's, and setting the first overwrites the second: the
kernel that `enable_lora` froze trains again after `layer.trainable = True`, and no `.keras` file knows the second. So
a layer that is held gets another class, its own one with `Held` in front, which knows what trains and saves it.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import keras

from kerasaug.backend.graph import is_graph
from kerasaug.transfer.lora_layers import has_lora, keeps_factors, merged_kernel
from kerasaug.transfer.walk import named_layers, own_weights, owners, sublayers, trainable_if_thawed, walk

if TYPE_CHECKING:
    from keras import Layer as _Behind  # the class that stands behind the mixin
else:
    _Behind = object


class Held(_Behind):
    """Goes in front of a layer class; `hold` puts it there."""

    plain: type  # the layer's class without this one

    def __init__(self, *args: Any, held: Iterable[Any] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.__dict__["_waiting"] = list(held)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The layer's own call, after the first of which what was saved is held again."""
        outputs = super().__call__(*args, **kwargs)
        waiting = self.__dict__.pop("_waiting", ())
        found = owners(self) if waiting else []
        for index, trains, trainable, rank, alpha in waiting:
            layer = found[index]
            if rank and not has_lora(layer):
                layer.enable_lora(rank, lora_alpha=alpha)
            if rank:
                layer.lora_alpha = alpha  # Keras's Dense and Embedding forget it when they are loaded
            hold(layer, trains, trainable)
        return outputs

    @property
    def trainable(self) -> bool:
        """Whether those weights train that may."""
        return super().trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        trains = self.__dict__.get("_trains")
        value = value and (trains != () or bool(sublayers(self)))
        super(Held, type(self)).trainable.fset(self, value)  # type: ignore[attr-defined]
        if value and trains is not None:
            for weight in own_weights(self):
                if weight.name not in trains:
                    weight.trainable = False

    def save_own_variables(self, store: Any) -> None:
        """Keras's, with the update of LoRA in the kernel, but not rounded to half precision under mixed precision."""
        own: dict[str, Any] = {}
        super().save_own_variables(own)
        if has_lora(self) and self.quantization_mode is None:
            own["0"] = merged_kernel(self)
        for key, value in own.items():
            store[key] = value

    def load_own_variables(self, store: Any) -> None:
        """Keras's, which leaves both factors of LoRA at zero, where their gradients vanish: keeps the first."""
        with keeps_factors(self):
            super().load_own_variables(store)

    def get_config(self) -> dict[str, Any]:
        """The layer's config and what is held inside it."""
        held = []
        for index, layer in enumerate(owners(self)):
            if is_held(layer):
                lora = (layer.lora_rank, layer.lora_alpha) if has_lora(layer) else (0, 0)
                held.append([index, list(layer.__dict__["_trains"]), layer.trainable, *lora])
        return {**super().get_config(), "held": held}


@cache
def held_class(base: Any) -> Any:
    """The class of held layers of a class, registered so that `.keras` files with them load.

    Args:
        base: A subclass of `keras.Layer`.

    Returns:
        A subclass of it. Those of Keras's layers exist from the start; call this for a layer class of your own before
        loading a model in which one is held.

    Example:

    ```python
    assert issubclass(kerasaug.transfer.held_class(keras.layers.Dense), keras.layers.Dense)
    ```
    """
    body: dict[str, Any] = {"__module__": __name__, "__doc__": base.__doc__, "plain": base}
    if issubclass(base, keras.layers.BatchNormalization):
        body["call"] = _call_with_fixed_statistics
    # Files of weights name layers after their class, so it keeps its name.
    name = f"Held{keras.saving.get_registered_name(base)}"
    return keras.saving.register_keras_serializable("kerasaug", name)(type(base.__name__, (Held, base), body))


def _call_with_fixed_statistics(self: Any, inputs: Any, training: Any = None, mask: Any = None) -> Any:
    return self.plain.call(self, inputs, training=False, mask=mask)


def hold(layer: keras.Layer, trains: Iterable[str], trainable: bool = True) -> None:
    """Lets only those of the layer's own weights train whose names are in `trains`, until `release`."""
    _swap(layer)
    layer.__dict__["_trains"] = tuple(trains)
    layer.trainable = False  # TensorFlow ignores a repeated assignment
    layer.trainable = trainable


def is_held(layer: keras.Layer) -> bool:
    """Whether `hold` was called for it."""
    return isinstance(layer, Held) and layer.__dict__.get("_trains") is not None


def is_free(layer: keras.Layer, weight: Any) -> bool:
    """Whether a weight of the layer's own may train, as far as the layer is held."""
    return not is_held(layer) or weight.name in layer.__dict__["_trains"]


def movable_by_nature(model: keras.Layer) -> list[Any]:
    """Every variable of `model` that training could move, were nothing held: all but statistics and the like."""
    held = [(layer.__dict__, layer.__dict__["_trains"]) for layer in walk(model) if is_held(layer)]
    for attributes, _ in held:
        attributes["_trains"] = None
    try:
        return trainable_if_thawed(model)
    finally:
        for attributes, trains in held:
            attributes["_trains"] = trains


def plain_class(layer: Any) -> type:
    """The layer's class, as it was before it was held."""
    return layer.plain if isinstance(layer, Held) else type(layer)


def release(model: keras.Layer) -> None:
    """Undoes what `bitfit` and `add_adapters` hold: every layer is an ordinary one again, its flag as it was.

    A layer of which a part trained is frozen now. `unfreeze(model)` lets everything train.

    Args:
        model: The model, or one layer.

    Raises:
        ValueError: When a layer has LoRA, whose kernel has to stay as it is.

    Example:

    ```python
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16), keras.layers.Dense(2)])
    kerasaug.transfer.bitfit(model)
    kerasaug.transfer.release(model)
    ```
    """
    for path, layer in named_layers(model).items():
        if has_lora(layer):
            raise ValueError(
                f"release expects layers without LoRA. Received: {path!r}, which has it. Call "
                "`kerasaug.transfer.merge_lora(model)`, which releases the model too."
            )
    for layer in walk(model):
        release_one(layer)
    forget_steps(model)


def release_one(layer: keras.Layer) -> None:
    """Makes an ordinary layer of one that is held: nothing of it trains now, and everything may."""
    if isinstance(layer, Held):
        held = is_held(layer)
        layer.__class__ = layer.plain
        layer.__dict__.pop("_trains", None)
        if held:
            layer.trainable = True
            layer.trainable = False


def forget_steps(model: keras.Layer) -> None:
    """Drops what was compiled for other weights."""
    for layer in walk(model):
        if isinstance(layer, keras.Model):
            layer.train_function = layer.test_function = layer.predict_function = None


def warn_of_optimizer(model: keras.Model, caller: str) -> None:
    """Says so when the model's optimizer was built on other weights than train now."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        warnings.warn(
            f"{caller}: the model's optimizer was built on other weights than train now. Call `compile()` again, with "
            "a new optimizer.",
            stacklevel=3,
        )


def train_only(
    model: keras.Model, whole: Iterable[keras.Layer], names: Callable[[str, keras.Layer, list[Any]], Iterable[str]]
) -> None:
    """Trains some layers as a whole, and of all others only weights of certain names.

    Args:
        model: A built model. What was held in it before is so no longer.
        whole: The layers that train as a whole.
        names: Called with path, layer and those of its own weights that may train; returns the names of those that
            shall.
    """
    entire = {id(layer) for layer in whole}
    for layer in walk(model):
        release_one(layer)
    movable = {id(weight) for weight in trainable_if_thawed(model)}
    for layer in walk(model):
        if sublayers(layer) and not layer.trainable:
            layer.trainable = True  # a frozen container shows no trainable variables
    for path, layer in named_layers(model).items():
        weights = [weight for weight in own_weights(layer) if id(weight) in movable]
        if id(layer) in entire:
            layer.trainable = True
        elif weights or (isinstance(layer, keras.layers.BatchNormalization) and own_weights(layer)):
            hold(layer, names(path, layer, weights))
    for container in _rebuilt(model):
        if any(is_held(layer) for layer in walk(container)):
            _swap(container)


def _rebuilt(layer: keras.Layer) -> Iterator[keras.Layer]:
    """The outermost layers made of layers, which a file keeps in one config and not layer by layer."""
    for child in sublayers(layer):
        if is_graph(child):
            yield from _rebuilt(child)
        elif sublayers(child):
            yield child


def _swap(layer: keras.Layer) -> None:
    if not isinstance(layer, Held):
        plain: Any = type(layer)
        layer.__class__ = held_class(plain)


_KERAS: list[Any] = [
    one for one in vars(keras.layers).values() if isinstance(one, type) and issubclass(one, keras.Layer)
]
for _base in _KERAS:
    held_class(_base)
