"""The one base class: batching, probability, strength, seed, dtype, the training rule and the config."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasaug import backend
from kerasaug.arguments import as_keys, as_number, as_seed, explained, one_of
from kerasaug.backend import Tensor, ops
from kerasaug.boxes import FORMATS
from kerasaug.checks import as_record_ids, as_size, check_call, check_seed
from kerasaug.config import config_of
from kerasaug.draw import Rng, as_key
from kerasaug.params import Params, as_tensors
from kerasaug.sample import Sample, as_whole, pack, unpack
from kerasaug.specs import SpecLayer
from kerasaug.stages import Cluster, clusters, plan
from kerasaug.tensors import NUMBERS
from kerasaug.training_rule import augments_by_default

DATA_FORMATS = ("channels_last", "channels_first")


class Augmentation(SpecLayer):
    """Base class of every augmentation layer: draws per-sample parameters, then applies them.

    A subclass belongs to a family (`Warp`, `Displace`, `Color`, `Tone`, `Filter`, `Region`, `Mix`), which routes every
    target, and writes `draw_params` and its family's one method.

    Called directly, or mapped over a dataset, a layer augments; inside a model it does so only when `training=True`
    reaches it, so `model(x)`, `predict` and every export are clean.

    Data of a shape or a dtype that cannot be (another rank, another number of samples, strings) is refused before
    anything is computed. Values are not looked at, which would cost a pass over them. NaN and infinities stay within
    their own sample, and those that it is mixed with. A box that holds one is dropped (padding, -1) where it would be
    moved or pasted; a box the wrong way round is moved as the frame of its corners. Keypoints may be anywhere. A class
    that is none of `num_classes` becomes a row of zeros. An empty batch comes back empty.

    Args:
        p: Probability with which each sample is augmented. Defaults to 1.
        strength: Factor, from 0 (identity) to 1, on the distance of every draw from doing nothing. Defaults to 1. It
            may be set while a compiled step runs: `layer.strength = 0.5`.
        seed: Integer, counted modulo 2**31. Layers with the same seed and arguments repeat each other's draws.
        data_format: `"channels_last"` or `"channels_first"`; Keras's global setting when `None`.
        bounding_box_format: Format of the boxes, one that `keras.utils.bounding_boxes.convert_format` knows; needed
            when a sample has boxes.
        keys: Dict from kind of target to the key it has in the samples, such as `{"images": "image"}`.
        **kwargs: `name` and `dtype`. Images come back in the compute dtype; `"uint8"` rounds once, at the end.

    Raises:
        TypeError: When targets are no tensors of numbers, or a call is given labels besides the images.
        ValueError: When an argument, or the shape of a target, cannot be. Both name the layer, what it expected and
            what it received.
    """

    fuse = True
    geometric = False  # whether it moves pixels, and can move them back
    irreversible = False  # whether it may move pixels, and cannot
    in_place = False  # whether it ends with a function of each pixel, from which others can go on in the same pass
    joins = False  # whether it is such a function and no more, so that it can share the pass of what was before it
    materializes = False  # whether its result is computed once, whoever reads it
    own_cluster = True  # whether XLA is faster at it than TensorFlow's kernels are
    fits_boxes = False  # whether it brings boxes to a number
    needs_batch = False  # whether samples meet each other, labels too
    learned: Mapping[str, str] = {}  # part of a batch, "y" for one, to what belongs there of the targets that it makes

    def __init__(
        self,
        p: float = 1.0,
        strength: float = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        bounding_box_format: str | None = None,
        keys: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        layer = type(self).__name__
        with explained(layer, "name and dtype to be what Keras layers take, and no other argument", kwargs):
            super().__init__(**kwargs)
        one_of(self.compute_dtype, NUMBERS, "dtype", layer)
        self.p = float(as_number(p, "p", layer, 0.0, 1.0))
        self._strength = backend.LiveScalar(as_number(strength, "strength", layer, 0.0), "strength")
        self.seed = as_seed(seed, layer)
        self.generator = keras.random.SeedGenerator(self.seed)
        data_format = keras.config.image_data_format() if data_format is None else data_format
        self.data_format = one_of(data_format, DATA_FORMATS, "data_format", layer)
        if bounding_box_format is not None:
            one_of(bounding_box_format, FORMATS, "bounding_box_format", layer)
        self.bounding_box_format = bounding_box_format
        self.keys = as_keys(keys, (*self.modality.kinds, *self.aligned_names), layer)
        self._plan: tuple[Cluster, ...] = ()
        self._draw_compiled = backend.compile_stage(self._draw_with)

    @property
    def strength(self) -> Any:
        """The live strength, a scalar variable; assign a float to change it."""
        return self._strength.state

    @strength.setter
    def strength(self, value: float) -> None:
        tensor = hasattr(value, "dtype") and not isinstance(value, np.generic)
        self._strength.state.assign(value if tensor else as_number(value, "strength", self._label, 0.0))

    def draw_params(self, rng: Rng) -> Params:
        """Draws the parameters of a batch: what a subclass writes. First axis is the batch."""
        raise NotImplementedError(f"{type(self).__name__} must implement `draw_params(rng)`.")

    def draw(self, data: Any, seed: Any = None, record_ids: Any = None) -> Params:
        """Draws parameters for `data` without applying them.

        Args:
            data: What the layer would be called with.
            seed: Integer, or a pair (seed, step), with which the draw repeats; the layer's own next state when `None`.
            record_ids: Integers (batch,) that identify the samples, where their place in the batch should not.

        Returns:
            Dict of tensors whose first axis is the batch, for `apply`.
        """
        with backend.dataset_scope():
            return self._draw(self._unpack(data), seed, record_ids)

    def apply(self, data: Any, params: Params) -> Any:
        """Applies drawn (or chosen) parameters: deterministic, of static shape, the same for every backend.

        Args:
            data: Images or a dict of targets, as in a call.
            params: What `draw` returned, or parameters of one's own; `"chosen"`, where left out, is everyone.

        Returns:
            What a call returns.
        """
        with backend.dataset_scope():
            sample = self._unpack(data)
            self._check(sample)
            try:
                return pack(self._applied(sample, self._given(params, sample)))
            except KeyError as error:
                raise ValueError(
                    f"{self._label} expects parameters as draw() returns them. Received: none named {error}."
                ) from error

    def invert(self, data: Any, params: Params, size: tuple[int, int] | None = None) -> Any:
        """Moves targets back where they were before the geometric ops; what others did stays, colours for one.

        Predictions made from augmented images (masks, boxes) return to the frame of the originals so.

        Args:
            data: What `apply(…, params)` returned, or predictions made from it.
            params: What was applied.
            size: Height and width before it; as after it when `None`.

        Returns:
            A new sample. What had left the frame is gone, and filled as `fill_mode` says.

        Raises:
            TypeError: When no op is geometric, or one mixes samples, displaces pixels or chooses among layers.
        """
        if size is not None:
            size = as_size(size, self._label)
        with backend.dataset_scope():
            sample = self._unpack(data)
            pairs = [(layer, one) for layer, one in self._given(params, sample) if layer.geometric]
            if self.mixes or not pairs or any(layer.irreversible for layer in self.ops()):
                raise TypeError(
                    f"{self._label} cannot be inverted: it expects geometric layers, and none that mixes, displaces or "
                    f"chooses. Received: {[type(layer).__name__ for layer, _ in self.leaves(params)]}."
                )
            layers, each = [layer for layer, _ in pairs], [one for _, one in pairs]
            for layer in layers:
                layer.check(sample.fields)
            fields = layers[0].inverted(layers, sample.fields, each, size)  # type: ignore[attr-defined]
            sample.fields = self._finished(fields)
            return pack(sample)

    def __call__(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer; a dict may hold tensors, arrays and strings side by side."""
        check_call(args, kwargs, self._label, self.main)
        return super().__call__(as_whole(data), *args, **kwargs)

    def call(self, data: Any, training: bool | None = None) -> Any:
        """Augments when `training`, which defaults to whether the layer was called directly."""
        sample = self._unpack(data)
        if training is None:
            training = augments_by_default(self, Augmentation)
        if not training:
            return pack(self._infer(sample))
        self._check(sample)
        empty = sample.fields[self.main].shape[0] == 0  # whose minimum, say, no backend knows
        sample = sample.of_one() if empty else sample
        result = self._applied(sample, self.leaves(self._draw(sample, None, None)))
        return pack(result.of_none() if empty else result)

    def with_state(self, params: Params) -> Params:
        """Parameters, and the values of what variables the op computes with, which JAX would compile in as they are."""
        return params

    def op_count(self) -> int:
        """How many layers draw: this one, and those inside."""
        return 1

    def ops(self) -> list["Augmentation"]:
        """The ops, in order; a pipeline has many, an op is its own."""
        return [self]

    def leaves(self, params: Params) -> list[tuple["Augmentation", Params]]:
        """The ops, in order, with the parameters of each."""
        return [(self, params)]

    def infer(self, fields: dict[str, Any]) -> dict[str, Any]:
        """What happens to a batch that is not augmented: nothing, unless an op resizes or encodes."""
        return self.encode(fields)

    @property
    def mixes(self) -> bool:
        """Whether samples, and so their labels, are mixed."""
        return self.needs_batch

    def encode(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Labels as training returns them, unmixed: one-hot, where a layer encodes integers."""
        return fields

    def fusion_key(self) -> Any:
        """What neighbours of one family must agree on to share a pass; `None` to stay alone, `ANY` to join any."""
        return None

    def joins_pass(self, layers: Sequence[Any]) -> bool:
        """Whether it shares the pass of ops before it, of its family and fusion key."""
        return True

    @classmethod
    def fused(cls, layers: Sequence["Augmentation"], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """One pass over the pixels for several ops: what a family writes."""
        families = "Warp, Displace, Color, Tone, Filter, Region or Mix"
        raise NotImplementedError(f"{cls.__name__} belongs to no family: subclass {families}.")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, read off its signature, so that none is forgotten."""
        config = {**super().get_config(), **config_of(self, Augmentation)}
        config["strength"] = float(keras.ops.convert_to_numpy(self.strength))
        return config

    def _draw(self, sample: Sample, seed: Any, record_ids: Any) -> Params:
        value = sample.fields[self.main]
        if record_ids is None:
            ids = ops.arange(ops.shape(value)[0], dtype="int32")
        else:
            ids = as_record_ids(record_ids, value.shape[0], self._label)
        if seed is None:
            seed = self._next_seed()
        else:
            check_seed(seed, self._label)
        return self._draw_compiled(as_key(seed), ids, self.strengths())

    def _next_seed(self) -> Tensor:
        return backend.dataset_seed(self) if backend.in_dataset_map() else self.generator.next()

    def _draw_with(self, key: tuple[Tensor, Tensor], ids: Tensor, strengths: Params) -> Params:
        op = zlib.crc32(type(self).__name__.encode()) & 0x3FFFF
        return self.draw_from(Rng(key, ids, op, self.p, strengths["own"], count=self.op_count()), strengths)

    def draw_from(self, rng: Rng, strengths: Params) -> Params:
        """Draws with this op's probability and strength already in `rng`."""
        return {"chosen": rng.chosen, **self.draw_params(rng)}

    def strengths(self) -> Params:
        """The live strength, and those of the ops inside: arguments of the compiled draw, since JAX would bake them."""
        return {"own": self._live(self.strength)}

    @staticmethod
    def _live(number: Any) -> Tensor:
        if backend.active() == backend.NATIVE:
            return number * 1.0  # its value: a `tf.function` takes no Keras variable
        return ops.convert_to_tensor(float(keras.ops.convert_to_numpy(number)))

    def _given(self, params: Any, sample: Sample) -> list[tuple["Augmentation", Params]]:
        """The ops with parameters that a caller handed in."""
        batch = sample.fields[self.main].shape[0]
        return [(layer, as_tensors(one, batch, layer._label)) for layer, one in self.leaves(params)]

    def _applied(self, sample: Sample, pairs: list[tuple["Augmentation", Params]]) -> Sample:
        fields = sample.fields
        for stage, group in self._stages([(layer, layer.with_state(one)) for layer, one in pairs]):
            fields = stage(fields, group)
        sample.fields = self._finished(fields)
        return sample

    def _check(self, sample: Sample) -> None:
        for layer in self.ops():
            if layer.needs_batch and not sample.batched:
                raise ValueError(
                    f"{layer._label} mixes samples and expects a batch. Received: {self.main} of shape "
                    f"{tuple(sample.fields[self.main].shape[1:])}; it was given one sample. Batch the data first: "
                    "ds.batch(64).map(layer)."
                )
            layer.check(sample.fields)

    def _stages(self, pairs: list[tuple["Augmentation", Params]]) -> list[tuple[Cluster, list[Params]]]:
        if not self._plan:
            stages = plan([layer for layer, _ in pairs], self.compute_dtype, self.fuse)
            self._plan = clusters(stages, self.fuse)
        params = iter([one for _, one in pairs])
        return [(stage, [next(params) for _ in stage.layers]) for stage in self._plan]

    def _infer(self, sample: Sample) -> Sample:
        fields = self.infer(sample.fields)
        sample.fields = self._finished(fields)
        return sample

    def _unpack(self, data: Any) -> Sample:
        return unpack(data, self.keys, self._label, self.modality, self.aligned_names)

    def _finished(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, self.main: self.modality.finished(fields[self.main], self.compute_dtype)}
