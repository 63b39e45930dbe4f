"""A model that mixes what one of its inner layers puts out, and labels with it, inside its own compiled train step."""

from collections.abc import Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import keras

from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, ops
from kerasaug.backend.masks import mask_of, with_mask
from kerasaug.backend.taps import mask_operations, tapped
from kerasaug.modality import EMBEDDINGS
from kerasaug.params import Params
from kerasaug.pipeline import Pipeline
from kerasaug.registry import register
from kerasaug.tensors import differ
from kerasaug.training.augmented_model import AugmentedModel
from kerasaug.training.hidden_targets import KINDS, HiddenTargets
from kerasaug.training.targets import Batch


@dataclass
class _Step:
    """A train step under way: what was drawn, and the padding mask before it was mixed."""

    params: Params = field(default_factory=dict)
    mask: Tensor | None = None


_step: ContextVar[_Step | None] = ContextVar("kerasaug_hidden_step", default=None)


@register
class HiddenMix(AugmentedModel):
    """Trains a model with the output of one of its layers augmented: mixed within the batch, and labels with it.

    While a train step is traced, what the layer (an embedding, a transformer block) puts out passes through `mixing`;
    the model itself, its config and its exports know nothing of it, and evaluation and prediction do without. It works
    wherever the layer is: in Functional, Sequential and subclassed models, and in models inside them.

    Labels, token labels and sample weights are mixed by the same draw. So is a `padding_mask` in `x`, which becomes
    that of both sequences, for the layers below the mixed one too. The mask that Keras hangs on tensors
    (`mask_zero=True`) is mixed where the layer puts it out, for the layers above alone; one that the layers above take
    from elsewhere stays.

    Args:
        model: The Keras model to train; `.model` is that very object, with nothing added to it.
        layer: Name of the layer inside it whose output is augmented, floats `(batch, length, features)`; its path,
            `"encoder/block_1"`, where several have the name. It must be called once in a step.
        mixing: `kerasaug.layers.EmbeddingMixUp`, a cutoff, or a pipeline of such.
        pipeline: What augments the batch before that, as in `kerasaug.AugmentedModel`. Defaults to nothing.
        keys: Dict from kind of target (`padding_mask`, `labels`, `token_labels`, `sample_weight`, and those of
            `pipeline`) to its name, as in `kerasaug.AugmentedModel`: `{"token_labels": "y"}` for a tagger.
        label_smoothing: See `kerasaug.AugmentedModel`.
        **kwargs: `name`, `dtype` and `trainable`, as of any `keras.Model`.

    Input shape:
        The model's.

    Output shape:
        The model's.

    Raises:
        TypeError: When `mixing` is no layer of vectors.
        ValueError: When there is no layer of that name, or several; in training, when it is not called exactly once, or
            puts out something else.

    Example:

    ```python
    tokens = keras.Input((16,), dtype="int32")
    x = keras.layers.Embedding(100, 8, mask_zero=True, name="embedding")(tokens)
    x = keras.layers.GlobalAveragePooling1D()(x)
    network = keras.Model(tokens, keras.layers.Dense(3, "softmax")(x))
    model = kerasaug.HiddenMix(network, "embedding", kerasaug.layers.EmbeddingMixUp(num_classes=3))
    model.compile("adam", "categorical_crossentropy")
    ids = np.random.default_rng(0).integers(1, 100, (8, 16))
    model.fit(ids, np.arange(8) % 3, batch_size=4, verbose=0)
    ```

    Reference:
        Chen et al., "MixText: linguistically-informed interpolation of hidden space for semi-supervised text
        classification", arXiv:2004.12239; Verma et al., "Manifold mixup: better representations by interpolating hidden
        states", arXiv:1806.05236.
    """

    def __init__(
        self,
        model: keras.Model,
        layer: str,
        mixing: Augmentation,
        pipeline: Augmentation | None = None,
        keys: Mapping[str, Any] | None = None,
        label_smoothing: float = 0.0,
        **kwargs: Any,
    ) -> None:
        if not isinstance(mixing, Augmentation) or mixing.modality is not EMBEDDINGS:
            raise TypeError(
                "HiddenMix expects mixing, a layer of sequences of vectors such as kerasaug.layers.EmbeddingMixUp. "
                f"Received: mixing={type(mixing).__name__}."
            )
        given, first = dict(keys or {}), Pipeline([]) if pipeline is None else pipeline
        own = {kind: name for kind, name in given.items() if kind in KINDS}
        known = (*getattr(getattr(first, "modality", None), "kinds", ()), *getattr(first, "aligned_names", ()))
        of_pipeline = {kind: name for kind, name in given.items() if kind in known or kind not in KINDS}
        super().__init__(model, first, of_pipeline, label_smoothing, **kwargs)
        self.keys = given or None
        self.layer, self.mixing = layer, mixing
        self._prepares = pipeline is not None
        self._hidden = HiddenTargets(own, "HiddenMix")
        if model.built or not isinstance(layer, str):
            self._tapped_layer()

    def augment(self, batch: Any) -> Batch:
        """Augments a training batch as far as can be done outside of the model: by `pipeline` alone.

        Args:
            batch: `x`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            `(x, y, sample_weight)`.
        """
        prepared = super().augment(batch) if self._prepares else self._hidden.unpack(batch)
        step = _step.get()
        return prepared if step is None else self._mixed(prepared, step)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The model's own call; in a train step, with the output of the layer augmented."""
        step = _step.get()
        if step is None or not step.params or not training:
            return super().call(inputs, training)
        calls: list[Tensor] = []

        def change(output: Any) -> Any:
            calls.append(output)
            return self._augmented(output, step, len(calls))

        from kerasaug.transfer.walk import walk  # transfer is built on this package

        layer = self._tapped_layer()
        with ExitStack() as taps:
            taps.enter_context(tapped(layer, change))
            for operation in mask_operations(walk(self.model), layer):
                taps.enter_context(tapped(operation, partial(self._mixed_mask, step=step)))
            result = super().call(inputs, training)
        if not calls:
            raise ValueError(
                f"HiddenMix expects layer {self.layer!r} to be called once in a step. Received: a step that does not "
                "call it. Name another."
            )
        return result

    def train_step(self, *args: Any) -> Any:
        """Augments, then steps, with what the layer puts out augmented."""
        token = _step.set(_Step())
        try:
            return super().train_step(*args)
        finally:
            _step.reset(token)

    def get_config(self) -> dict[str, Any]:
        """The model's config, and those of the layers that augment."""
        own = {"layer": self.layer, "mixing": keras.saving.serialize_keras_object(self.mixing)}
        return {**super().get_config(), **own, **({} if self._prepares else {"pipeline": None})}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "HiddenMix":
        """Rebuilds the model and the layers."""
        mixing = keras.saving.deserialize_keras_object(config["mixing"], custom_objects=custom_objects)
        return super().from_config({**config, "mixing": mixing}, custom_objects)  # type: ignore[return-value]

    def _mixed(self, batch: Batch, step: _Step) -> Batch:
        """Draws, and mixes what comes with the vectors; these stand in with one feature, of which nothing is read."""
        data = self._hidden.take(batch)
        if self.mixing.mixes and not {"labels", "token_labels"} & set(data) and (left := self._hidden.left_in_y(batch)):
            raise ValueError(
                f"HiddenMix expects labels or token_labels to mix. Received: none; y holds {left}. Say where they are: "
                "keys={'token_labels': ...}."
            )
        size = ops.shape(keras.tree.flatten(batch[0])[0])[0]
        aligned = [ops.shape(data[kind])[1] for kind in KINDS[:2] if kind in data]
        vectors = ops.zeros((size, aligned[0] if aligned else 1, 1))
        step.mask, step.params = data.get("padding_mask"), self.mixing.draw(vectors)
        mixed = self._applied_to({"embeddings": vectors, **data}, step)
        return self._hidden.put(batch, {kind: mixed[kind] for kind in data})

    def _augmented(self, output: Any, step: _Step, count: int) -> Any:
        """What the layer put out, and the mask on it."""
        if count > 1:
            raise ValueError(
                f"HiddenMix expects layer {self.layer!r} to be called once in a step. Received: a second call, as of "
                "embeddings that a head shares. Name the layer that is called next."
            )
        shape, dtype = getattr(output, "shape", None), getattr(output, "dtype", None)
        if shape is None or len(shape) != 3 or not keras.backend.is_float_dtype(keras.backend.standardize_dtype(dtype)):
            received = type(output).__name__ if shape is None else f"shape={tuple(shape)}, dtype={dtype}"
            raise ValueError(
                f"HiddenMix expects layer {self.layer!r} to put out one tensor of floats (batch, length, features). "
                f"Received: {received}. Name a layer inside it, or another."
            )
        mask = mask_of(output)
        seen = step.mask if mask is None else mask
        if seen is None or differ(seen.shape[1], shape[1]):
            return ops.cast(self._applied_to({"embeddings": output}, step)["embeddings"], dtype)
        result = self._applied_to({"embeddings": output, "padding_mask": seen}, step)
        vectors = ops.cast(result["embeddings"], dtype)
        return vectors if mask is None else with_mask(vectors, result["padding_mask"])

    def _mixed_mask(self, mask: Tensor, step: _Step) -> Tensor:
        """The mask of what the layer puts out, where Keras computes it apart from the layer."""
        vectors = ops.zeros((*ops.shape(mask)[:2], 1))
        return self._applied_to({"embeddings": vectors, "padding_mask": mask}, step)["padding_mask"]

    def _applied_to(self, data: Mapping[str, Any], step: _Step) -> dict[str, Any]:
        """What `mixing` makes of targets by kind."""
        names = {kind: (self.mixing.keys or {}).get(kind, kind) for kind in data}
        result = self.mixing.apply({names[kind]: value for kind, value in data.items()}, step.params)
        return {kind: result[name] for kind, name in names.items()}

    def _encoded(self, y: Any) -> Any:
        """Labels as in training, where `mixing` has encoded them after `pipeline`."""
        encode = self.mixing.encode
        y = self._hidden.map_labels(super()._encoded(y), lambda labels: encode({"labels": labels})["labels"])
        return self._hidden.map_token_labels(y, lambda labels: encode({"token_labels": labels})["token_labels"])

    def _tapped_layer(self) -> Any:
        from kerasaug.transfer.walk import named_layers  # transfer is built on this package

        layers = named_layers(self.model)
        found = [path for path in layers if path == self.layer] or [
            path for path, layer in layers.items() if layer.name == self.layer
        ]
        if len(found) != 1:
            received = f"several: {found}. Give the path of one" if found else f"none. There are {sorted(layers)}"
            raise ValueError(
                f"HiddenMix expects layer, the name of one layer inside the model. Received: layer={self.layer!r}, of "
                f"which it finds {received}."
            )
        return layers[found[0]]
