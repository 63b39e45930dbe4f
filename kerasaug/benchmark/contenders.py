"""What is timed: the recipe in each of the places where people augment, on the backend that runs."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import keras

import kerasaug
from kerasaug.benchmark.recipe import CLASSES, keras_in_turn, pipeline

Contenders = dict[str, Callable[[], Any]]
STEPS = 4  # of one `fit`, whose own overhead is the same with and without augmentation


def floor(data: dict[str, Any]) -> Callable[[], Any]:
    """One pass over the batch: what no augmentation can beat."""
    images = data["images"]
    step = _compiled(lambda one: keras.ops.cast(one, "float32") * 1.0001)
    return lambda: step(images)


def in_a_function(data: dict[str, Any]) -> Contenders:
    """Inside a `tf.function`, or jitted by JAX."""
    ours, theirs = pipeline(), keras_in_turn()
    return {"kerasaug": _stateful(ours, [ours], data), "Keras": _stateful(theirs, theirs.layers, data)}  # type: ignore[attr-defined]


def in_a_dataset(data: dict[str, Any]) -> Contenders:
    """Mapped over a `tf.data.Dataset` of ready batches; the time is that of one batch."""
    tf = import_module("tensorflow")
    dataset = tf.data.Dataset.from_tensors(data).repeat()
    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False  # or a batch would be made while others are timed
    dataset = dataset.with_options(options)
    return {
        "kerasaug": _next_of(dataset.map(pipeline())),
        "Keras": _next_of(dataset.map(keras_in_turn())),
    }


def in_a_train_step(data: dict[str, Any]) -> Contenders:
    """Inside the compiled train step of a tiny network, and the same step without augmentation."""

    def network() -> keras.Model:
        pooled = [keras.layers.AveragePooling2D(16), keras.layers.Flatten(), keras.layers.Dense(CLASSES, "softmax")]
        return keras.Sequential([keras.Input(data["images"].shape[1:]), *pooled])

    def fits(model: keras.Model) -> Callable[[], Any]:
        model.compile("sgd", "categorical_crossentropy", jit_compile=True)

        def batches() -> Iterator[Any]:
            for _ in range(STEPS):
                yield data["images"], data["labels"]

        return lambda: model.fit(batches(), steps_per_epoch=STEPS, shuffle=False, verbose=0).history["loss"]

    return {"augmented": fits(kerasaug.AugmentedModel(network(), pipeline())), "bare": fits(network())}


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    if keras.backend.backend() == "jax":
        return import_module("jax").jit(function)
    return import_module("tensorflow").function(function) if keras.backend.backend() == "tensorflow" else function


def _stateful(augment: Callable[[Any], Any], layers: list[Any], data: dict[str, Any]) -> Callable[[], Any]:
    """A compiled call; under JAX the seeds are arguments and results of the jitted function, as in a train step."""
    if keras.backend.backend() != "jax":
        step = _compiled(augment)
        return lambda: step(data)
    variables = [variable for layer in layers for variable in layer.non_trainable_variables]

    def pure(values: list[Any], data: dict[str, Any]) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
            result = augment(data, training=True) if isinstance(augment, keras.layers.Layer) else augment(data)
        new = [scope.get_current_value(variable) for variable in variables]
        return [old if one is None else one for one, old in zip(new, values, strict=True)], result

    jitted = _compiled(pure)
    state = [variable.value for variable in variables]

    def call() -> Any:
        state[:], result = jitted(list(state), data)
        return result

    return call


def _next_of(dataset: Any) -> Callable[[], Any]:
    batches = iter(dataset)
    return lambda: next(batches)
