"""TensorFlow's graph optimiser, switched off where it costs more than it gains."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from kerasaug.extras import require


@contextmanager
def unoptimised_graphs() -> Iterator[None]:
    """Within, TensorFlow runs graphs as they were traced; other backends are left alone.

    TensorFlow optimises the graph of a train step anew in every `fit`. Here that takes over a second for runs of few
    seconds, and the steps do not get faster by it.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    options = require("tensorflow", "tensorflow", "kerasaug finetune").config.optimizer
    before = options.get_experimental_options().get("disable_meta_optimizer", False)
    options.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        options.set_experimental_options({"disable_meta_optimizer": before})
