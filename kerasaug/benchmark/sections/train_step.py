"""The recipe inside one compiled train step, and what it adds to the same step without."""

from collections.abc import Callable
from typing import Any

import keras

import kerasaug
from kerasaug.benchmark import recipe
from kerasaug.benchmark.rows import figures
from kerasaug.benchmark.settings import Settings
from kerasaug.benchmark.timing import in_turns

POOL = 16  # pixels, so that the network costs one pass over the batch and little more


class InTurn(kerasaug.AugmentedModel):
    """The same step, with Keras's layers in the pipeline's place."""

    def __init__(self, model: keras.Model) -> None:
        super().__init__(model, kerasaug.layers.MixUp())
        self.in_turn = recipe.layers_of(keras.layers)
        for layer in self.in_turn:
            layer.supports_jit = True  # else Keras goes on uncompiled, although JAX compiles them

    def augment(self, batch: Any) -> Any:
        """Keras's layers, one after another."""
        images, labels, weight = keras.utils.unpack_x_y_sample_weight(batch)
        data = recipe.in_turn(self.in_turn)({"images": images, "labels": labels})
        return data["images"], data["labels"], weight


def measure(settings: Settings, floor: float, with_keras: bool) -> dict[str, Any]:
    """Times steps of a tiny network on one batch, with `jit_compile=True`: bare, with kerasaug, with Keras's layers.

    Returns:
        Dict with the `steps` as they were timed, and what the augmentation `added`, in milliseconds and in passes;
        what did not compile has an error there.
    """
    data = recipe.batch(settings.batch_size, settings.image_size, settings.dtype)
    models = {"bare": _network(settings), "kerasaug": kerasaug.AugmentedModel(_network(settings), recipe.pipeline())}
    if with_keras:
        models["Keras"] = InTurn(_network(settings))
    timings = in_turns({name: _steps(model, data) for name, model in models.items()}, settings.rounds)
    steps = {name: figures(timing, floor) for name, timing in timings.items()}
    return {
        "steps": steps,
        "added": {name: _added(steps[name], steps["bare"], floor) for name in models if name != "bare"},
    }


def _network(settings: Settings) -> keras.Model:
    pool = min(POOL, settings.image_size)
    layers = [
        keras.layers.AveragePooling2D(pool),
        keras.layers.Flatten(),
        keras.layers.Dense(recipe.CLASSES, "softmax"),
    ]
    return keras.Sequential([keras.Input(settings.shape[1:]), *layers])


def _steps(model: keras.Model, data: dict[str, Any]) -> Callable[[], Any]:
    """One step of the model; its loss is read, which waits for all of it."""
    model.compile("sgd", "categorical_crossentropy", jit_compile=True)
    return lambda: [model.train_on_batch(data["images"], data["labels"])]


def _added(step: dict[str, Any], bare: dict[str, Any], floor: float) -> dict[str, Any]:
    error = step["error"] or bare["error"]
    if not error and step["milliseconds"] <= bare["milliseconds"]:
        error = "what it adds is less than the steps vary"
    added = None if error else step["milliseconds"] - bare["milliseconds"]
    return {"milliseconds": added, "passes": None if added is None else added / floor, "error": error}
