"""A model that augments each training batch inside its own compiled train step, where labels are visible."""

from collections.abc import Mapping
from typing import Any

import keras

from kerasaug.augmentation import Augmentation
from kerasaug.registry import register
from kerasaug.training.targets import Batch, Targets


@register
class AugmentedModel(keras.Model):
    """Trains a model on augmented batches; evaluates, predicts and exports the model alone.

    The pipeline sees images, labels, sample weights, boxes, masks and keypoints of every training batch, on the
    accelerator, inside the train step that Keras compiles, whatever the backend. Integer labels that a mixing layer
    encodes are encoded in evaluation too, so compile with losses and metrics for one-hot labels.

    Args:
        model: The Keras model to train; `.model` is that very object, with nothing added to it.
        pipeline: A `kerasaug.Pipeline`, or a single layer.
        keys: Dict from kind of target to its name, where they differ: `{"images": "image", "labels": "class"}`. Names
            are keys of the dict `x` or `y`; `"y"` stands for a `y` that is one tensor, as in
            `{"segmentation_masks": "y"}`; a list of names gives several heads' labels.
        **kwargs: `name`, `dtype` and `trainable`, as of any `keras.Model`. The dtype defaults to the model's.

    Input shape:
        The model's.

    Output shape:
        The model's.

    Raises:
        TypeError: When `pipeline` is no kerasaug layer, or `model` no Keras model.
        ValueError: In training, when a name in `keys` is not in the data, or labels that should be mixed are not found.

    Example:

    ```python
    network = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    layers = kerasaug.layers
    model = kerasaug.AugmentedModel(network, kerasaug.Pipeline([layers.RandomFlip(), layers.MixUp(num_classes=10)]))
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    images = np.random.default_rng(0).uniform(0, 255, (16, 32, 32, 3))
    model.fit(images, np.arange(16) % 10, batch_size=8, verbose=0)
    model.model.predict(images, verbose=0).shape  # (16, 10)
    ```

    Reference:
        `keras.Model.train_step`.
    """

    def __init__(
        self, model: keras.Model, pipeline: Augmentation, keys: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        if not isinstance(model, keras.Model):
            raise TypeError(f"AugmentedModel expects a keras.Model. Received: model={type(model).__name__}.")
        if not isinstance(pipeline, Augmentation):
            raise TypeError(
                "AugmentedModel expects a kerasaug.Pipeline or one of kerasaug.layers. Received: "
                f"pipeline={type(pipeline).__name__}."
            )
        # The inner model casts its own input: a cast to half precision here would round it before that.
        super().__init__(**{"dtype": model.dtype_policy, "autocast": False, **kwargs})
        self.model = model
        self.pipeline = pipeline
        self.keys = dict(keys) if keys else None
        self._targets = Targets(keys, "AugmentedModel")

    @property
    def inference_model(self) -> keras.Model:
        """What serves: the model alone."""
        return self.model

    def build(self, input_shape: Any) -> None:
        """Builds the model, where it is not built yet."""
        if not self.model.built:
            self.model.build(input_shape)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The model's own call; nothing is augmented."""
        return self.model(inputs, training=training)

    def augment(self, batch: Any) -> Batch:
        """Augments a training batch, as `fit` does.

        Args:
            batch: `x`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            `(x, y, sample_weight)`.
        """
        batch = keras.utils.unpack_x_y_sample_weight(batch)
        data = self._targets.take(batch)
        if batch[1] is not None and self.pipeline.mixes and "labels" not in data:
            raise ValueError(
                "AugmentedModel has a pipeline that mixes labels and finds none in y. Say where they are: "
                "keys={'labels': …}."
            )
        own = {kind: (self.pipeline.keys or {}).get(kind, kind) for kind in data}
        augmented = self.pipeline({own[kind]: value for kind, value in data.items()}, training=True)
        return self._targets.put(batch, {kind: augmented[own[kind]] for kind in data})

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The compiled loss, of labels encoded as in training."""
        return super().compute_loss(x, self._encoded(y), y_pred, sample_weight, training)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """The compiled metrics, of labels encoded as in training."""
        return super().compute_metrics(x, self._encoded(y), y_pred, sample_weight)

    def save_weights(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Saves the model's weights alone, so that they load into the model without its wrapper."""
        self.model.save_weights(filepath, overwrite=overwrite, **kwargs)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Loads weights that this class, or the model itself, saved."""
        self.model.load_weights(filepath, skip_mismatch=skip_mismatch, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The model's config and the pipeline's."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
            "model": keras.saving.serialize_keras_object(self.model),
            "pipeline": keras.saving.serialize_keras_object(self.pipeline),
            "keys": None if self.keys is None else dict(self.keys),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "AugmentedModel":
        """Rebuilds the model and the pipeline."""
        parts = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in ("model", "pipeline", "dtype")
        }
        return cls(**{**config, **parts})

    def _encoded(self, y: Any) -> Any:
        labels = self._targets.labels_in(y)
        return self._targets.put_labels(y, self.pipeline.encode(labels)) if labels else y

    if keras.backend.backend() == "jax":

        def train_step(self, state: Any, data: Any) -> Any:
            """Augments with the state of the step, then steps."""
            trainable, non_trainable, optimizer, metrics = state
            mapping = list(zip(self.non_trainable_variables, non_trainable, strict=True))
            with keras.StatelessScope(state_mapping=mapping) as scope:
                batch = self.augment(data)
            updated = [scope.get_current_value(variable) for variable, _ in mapping]
            non_trainable = [old if new is None else new for new, (_, old) in zip(updated, mapping, strict=True)]
            return super().train_step((trainable, non_trainable, optimizer, metrics), batch)

    else:

        def train_step(self, data: Any) -> Any:  # type: ignore[misc]
            """Augments, then steps."""
            return super().train_step(self.augment(data))
