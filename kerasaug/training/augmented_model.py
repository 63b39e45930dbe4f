"""A model that augments each training batch inside its own compiled train step, where labels are visible."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras

from kerasaug.arguments import as_number, explained
from kerasaug.augmentation import Augmentation
from kerasaug.backend import LiveScalar, is_building, ops
from kerasaug.registry import register
from kerasaug.training.ragged import refuse_no_numbers, refuse_ragged
from kerasaug.training.smoothing import check_smoothing, smoothed
from kerasaug.training.targets import Batch, Targets

_CALLBACKS = 4  # arguments of `fit` behind x and y, up to and with its callbacks


@register
class AugmentedModel(keras.Model):
    """Trains a model on augmented batches; evaluates, predicts and exports the model alone.

    The pipeline sees images, labels, sample weights, boxes, masks and keypoints of every training batch, on the
    accelerator, inside the train step that Keras compiles, whatever the backend. Integer labels that a mixing layer
    encodes are encoded in evaluation too, so compile with losses and metrics for one-hot labels.

    Only training sees the pipeline: a layer that changes the size of images, such as `RandomCrop`, leaves those of
    evaluation as they are. What it makes, such as the masked tokens of `RandomMasking`, evaluation needs too: map it
    over that data with `kerasaug.augment_dataset`. A functional model is given those entries of a dict that it has
    inputs for. A `train_step` or `compute_loss` of the model's own is not used, with a warning. To train in a loop of
    your own, call `augment` on each batch.

    Args:
        model: The Keras model to train; `.model` is that very object, with nothing added to it.
        pipeline: A `kerasaug.Pipeline`, or a single layer.
        keys: Dict from kind of target to its name, where they differ: `{"images": "image", "labels": "class"}`. Names
            are keys of the dict `x` or `y`; `"y"` stands for a `y` that is one tensor, as in
            `{"segmentation_masks": "y"}` or `{"bounding_boxes": "y"}`; a list of names gives several heads' labels.
            Tuples have indices for names.
        label_smoothing: Share of each training label that is spread over all classes, from 0 to below 1, where the
            loss is a categorical or binary crossentropy. Unlike that of Keras's losses it may be assigned while
            training, and acts on the next step; metrics and evaluation do not see it. Defaults to 0.
        **kwargs: `name`, `dtype` and `trainable`, as of any `keras.Model`. The dtype defaults to the model's.

    Input shape:
        The model's.

    Output shape:
        The model's.

    Raises:
        TypeError: When `pipeline` is no kerasaug layer, or `model` no Keras model.
        ValueError: When `keys` names what is no kind of target; in training, when a name in `keys` is not in the data,
            labels that should be mixed are not found, or tensors are ragged.

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
        self,
        model: keras.Model,
        pipeline: Augmentation,
        keys: Mapping[str, Any] | None = None,
        label_smoothing: float = 0.0,
        **kwargs: Any,
    ) -> None:
        if not isinstance(model, keras.Model):
            raise TypeError(f"AugmentedModel expects a keras.Model. Received: model={type(model).__name__}.")
        if not isinstance(pipeline, Augmentation):
            raise TypeError(
                "AugmentedModel expects a kerasaug.Pipeline or one of kerasaug.layers. Received: "
                f"pipeline={type(pipeline).__name__}."
            )
        # The inner model casts its own input: a cast to half precision here would round it before that.
        with explained("AugmentedModel", "name, dtype and trainable to be what a keras.Model takes", kwargs):
            super().__init__(**{"dtype": model.dtype_policy, "autocast": False, **kwargs})
        self.model = model
        self.pipeline = pipeline
        self._targets = Targets(keys, "AugmentedModel", pipeline.modality, pipeline.aligned_names)
        self.keys = dict(keys) if keys else None
        self._smoothing = LiveScalar(_as_share(label_smoothing), "label_smoothing")
        self.built = model.built
        _warn_of_own_step(model)

    @property
    def inference_model(self) -> keras.Model:
        """What serves: the model alone."""
        return self.model

    @property
    def label_smoothing(self) -> Any:
        """The live share of each training label that is spread over the classes; assign a number to change it."""
        return self._smoothing.state

    @label_smoothing.setter
    def label_smoothing(self, value: float) -> None:
        share = _as_share(value)
        if share > 0 and self.compiled:  # else `fit` looks
            check_smoothing(getattr(self, "loss", None), "AugmentedModel")
        self._smoothing.state.assign(share)

    @property
    def output_names(self) -> list[str]:
        """The model's, by which losses and metrics are named; an `AttributeError` where it has none."""
        return self.model.output_names

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The model's own call; nothing is augmented."""
        return self.model(self._taken(inputs), training=training)

    def augment(self, batch: Any) -> Batch:
        """Augments a training batch, as `fit` does.

        Args:
            batch: `x`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            `(x, y, sample_weight)`.
        """
        return self._through(batch, training=True)

    def _through(self, batch: Any, training: bool) -> Batch:
        batch = self._targets.unpack(batch)
        data = self._targets.take(batch)
        self._targets.check_batch(data)
        if not self.pipeline.mixes:
            data = {kind: value for kind, value in data.items() if kind not in self._untouched(data)}
        elif "labels" not in data and (left := self._targets.left_in_y(batch)):
            raise ValueError(
                f"AugmentedModel expects labels for a pipeline that mixes samples. Received: none; it finds "
                f"no labels in y, which holds {left}. Say where they are: keys={{'labels': ...}}."
            )
        own = {kind: (self.pipeline.keys or {}).get(kind, kind) for kind in data}
        augmented = self.pipeline({own[kind]: value for kind, value in data.items()}, training=training)
        made = {name: value for name, value in augmented.items() if name not in own.values()}
        batch = self._targets.put(batch, {kind: augmented[own[kind]] for kind in data})
        return self._targets.add(batch, made, self.pipeline.learned)

    def _untouched(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        """What need not pass through a pipeline that mixes nothing; weights of tokens move with them."""
        weights = data.get("sample_weight")
        moves = bool(self.pipeline.modality.aligned) and len(getattr(weights, "shape", ())) == 2
        return ("labels",) if moves else ("labels", "sample_weight")

    def fit(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Trains on augmented batches; arguments and result are those of `keras.Model.fit`.

        Flags and settings of the optimizer that were changed after `compile()` take effect, or are named: see
        `kerasaug.callbacks.TrainableGuard`.
        """
        if float(keras.ops.convert_to_numpy(self.label_smoothing)) > 0:
            check_smoothing(getattr(self, "loss", None), "AugmentedModel")
        refuse_ragged(x, "AugmentedModel")
        refuse_ragged(y, "AugmentedModel")
        refuse_no_numbers(x, y, "AugmentedModel", booleans=not self.pipeline.mixes)
        if not isinstance(kwargs.get("callbacks"), keras.callbacks.CallbackList) and len(args) < _CALLBACKS:
            from kerasaug.callbacks.trainable_guard import TrainableGuard  # callbacks are built on this package

            given = kwargs.get("callbacks") or []
            given = list(given) if isinstance(given, list | tuple) else [given]
            kwargs["callbacks"] = [*given, TrainableGuard(every_step=False)]
        return super().fit(x, y, *args, **kwargs)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The compiled loss, of labels encoded as in training."""
        y, sample_weight = self._to_learn(x, y, sample_weight)
        y = self._encoded(y)
        if training:
            y = smoothed(y, y_pred, self.loss, self.label_smoothing, getattr(self, "output_names", None))
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """The compiled metrics, of labels encoded as in training."""
        y, sample_weight = self._to_learn(x, y, sample_weight)
        return super().compute_metrics(x, self._encoded(y), y_pred, sample_weight)

    def save_weights(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Saves the model's weights, and the optimizer's as Keras does, in a file that the model itself can load."""
        with self._lent_optimizer():
            self.model.save_weights(filepath, overwrite=overwrite, **kwargs)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Loads weights that this class, or the model itself, saved."""
        with self._lent_optimizer():
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
            "label_smoothing": float(keras.ops.convert_to_numpy(self.label_smoothing)),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "AugmentedModel":
        """Rebuilds the model and the pipeline."""
        parts = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in ("model", "pipeline", "dtype")
        }
        return cls(**{**config, **parts})

    @contextmanager
    def _lent_optimizer(self) -> Iterator[None]:
        """Keras looks for the optimizer, which a checkpoint holds too, on the model that it saves."""
        own = vars(self.model).get("optimizer", self)
        self.model.optimizer = getattr(self, "optimizer", None)
        try:
            yield
        finally:
            if own is self:  # it had none
                del self.model.optimizer
            else:
                self.model.optimizer = own

    def _taken(self, inputs: Any) -> Any:
        """Of a dict what the model takes: Keras would count what else is in it among its inputs."""
        names = _names_of_inputs(self.model)
        if names is None:
            return inputs
        given = set(inputs) if isinstance(inputs, Mapping) else set()
        if names - given and self.pipeline.learned:
            if not is_building():
                raise ValueError(_unprepared("inputs", sorted(names - given), sorted(given) or "a tensor"))
            inputs = self._through(inputs, training=False)[0]
            given = set(inputs)
        return {name: inputs[name] for name in names} if names < given else inputs

    def _to_learn(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        """What is to be learned, where the pipeline makes it: Keras builds losses and metrics with a batch as it is."""
        if y is not None or not self.pipeline.learned:
            return y, sample_weight
        if not is_building():
            raise ValueError(_unprepared("y", sorted(self.pipeline.learned.values()), "none"))
        return self._through((x, y, sample_weight), training=False)[1:]

    def _encoded(self, y: Any) -> Any:
        return self._targets.map_labels(y, lambda labels: self.pipeline.encode({"labels": _as_given(labels)})["labels"])

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


def _names_of_inputs(model: keras.Model) -> set[str] | None:
    """The names of a functional model's inputs; `None` where they are no dict."""
    try:
        inputs = model.input
    except (AttributeError, ValueError):  # a subclass, or nothing is known yet
        return None
    return set(inputs) if isinstance(inputs, Mapping) else None


def _unprepared(what: str, expected: Any, received: Any) -> str:
    return (
        f"AugmentedModel expects {what} as the pipeline makes them in training, with {expected}. Received: {received}. "
        "Evaluate on kerasaug.augment_dataset(dataset, pipeline).cache(), whose draws stay as they are."
    )


def _as_given(labels: Any) -> Any:
    """Labels in their own dtype: under `MirroredStrategy` Keras builds with the mean of the replicas' integers."""
    if not is_building():
        return labels
    return keras.tree.map_structure(
        lambda one: ops.cast(one, "int64") if keras.backend.standardize_dtype(one.dtype) == "float64" else one, labels
    )


def _as_share(value: Any) -> float:
    share = as_number(value, "label_smoothing", "AugmentedModel", 0.0, 1.0)
    if share == 1.0:
        raise ValueError("AugmentedModel expects label_smoothing below 1, where labels say nothing. Received: 1.")
    return share


def _warn_of_own_step(model: keras.Model) -> None:
    names = ("train_step", "compute_loss", "compute_metrics")
    own = [name for name in names if getattr(type(model), name) is not getattr(keras.Model, name)]
    if own:
        warnings.warn(
            f"AugmentedModel trains by Keras's own step: {own} of {type(model).__name__} (name={model.name!r}) will "
            "not be used. To keep them, map the pipeline over the dataset instead.",
            stacklevel=3,
        )
