"""Masked language models as layers hold them: frozen, called without training, and asked for proposals."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np

from kerasaug.backend import NATIVE, Tensor, active, gather_tokens, ops, place
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.tokens.selection import places

_INPUTS = ("token_ids", "padding_mask", "segment_ids")
_NEVER = -1e9  # a logit of what is not to be proposed


def frozen(model: Any, adapter: Any, most: int | None, layer: str) -> keras.Model:
    """The model, no variable of which is trained from then on; raises where it is none, or cannot be called."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"{layer} expects model, a keras.Model. Received: model={type(model).__name__}.")
    if not model.built:
        raise ValueError(
            f"{layer} expects a model that is built. Received: {model.name!r}, which is not. Call it on a batch first."
        )
    if adapter is not None and not callable(adapter):
        raise TypeError(f"{layer} expects adapter, a function. Received: adapter={adapter!r}.")
    if adapter is None:
        _check_names(input_names(model), [*_INPUTS, *(["mask_positions"] if most is not None else [])], layer)
    model.trainable = False
    return model


def input_names(model: keras.Model) -> list[str] | None:
    """What a model takes, where that is a dict; `[]` where it is one tensor, `None` where nobody knows."""
    try:
        inputs = model.input
    except (AttributeError, ValueError):  # of a `Sequential`, or a model that is a class
        inputs = getattr(model, "inputs", None)
    if isinstance(inputs, Mapping):
        return sorted(inputs)
    single = hasattr(inputs, "shape") or (isinstance(inputs, list | tuple) and len(inputs) == 1)
    return [] if single else None


class Request:
    """What a model is asked: sequences in which some tokens are masked.

    Args:
        tokens: The batch.
        taken: Boolean (batch, length), which are masked.
        mask_token_id: The id of the mask.
        most: How many are masked at most, so that no more rows of logits are looked at; `None` for all of them.

    Attributes:
        taken: Boolean (batch, length), which are.
        positions: int32 (batch, masks), where they are, and then 0; `None` where all places are asked for.
        inputs: What there is to give to a model.
    """

    def __init__(self, tokens: Tokens, taken: Tensor, mask_token_id: int, most: int | None) -> None:
        self.taken, self.positions, self._rank = taken, None, None
        if most is not None:
            rank = ops.cumsum(ops.cast(taken, "int32"), axis=1) - 1
            self.taken = taken & (rank < most)  # words may have more tokens
            placed = place(ops.where(taken, rank, ops.shape(taken)[1]), places(taken))
            self.positions, self._rank = placed[:, :most], rank
        ids = ops.cast(tokens.ids, "int32")
        segments = ops.zeros_like(ids) if tokens.segments is None else ops.cast(tokens.segments, "int32")
        self.inputs = {
            "token_ids": ops.where(self.taken, mask_token_id, ids),
            "padding_mask": ops.cast(tokens.valid, "int32"),
            "segment_ids": segments,
        }
        if self.positions is not None:
            self.inputs["mask_positions"] = self.positions

    def at(self, values: Tensor) -> Tensor:
        """Those of values (batch, length, …) that are asked for."""
        return values if self.positions is None else gather_tokens(values, self.positions)

    def has_picked(self, logits: Tensor, names: Sequence[str] | None) -> bool:
        """Whether a model has returned those of the masks alone."""
        if self.positions is None or names is not None:
            return "mask_positions" in (names or ())
        return logits.shape[1] == self.positions.shape[1] != self.taken.shape[1]

    def spread(self, values: Tensor) -> Tensor:
        """(batch, length), by token, for values by mask."""
        if self._rank is None:
            return values
        return gather_tokens(values, ops.clip(self._rank, 0, ops.shape(values)[1] - 1))


def called(model: keras.Model, adapter: Callable[..., Any] | None, asked: Request, state: Any, layer: str) -> Tensor:
    """Logits of what is asked for, float32; without training, and without gradients, since ids have none.

    Args:
        model: The masked language model.
        adapter: Calls it, where it takes anything else than a dict.
        asked: What it is given.
        state: The values of the model's variables, or `None` for those that they have.
        layer: Name of the layer, for messages.
    """
    if active() != NATIVE:
        raise RuntimeError(
            f"{layer} calls a Keras model and expects to run on its backend, {NATIVE}. Received: a tf.data map, which "
            "is TensorFlow's. Augment in the train step instead: kerasaug.AugmentedModel."
        )
    names = None if adapter is not None else input_names(model)
    scope = nullcontext() if state is None else keras.StatelessScope(list(zip(model.variables, state, strict=True)))
    with scope:
        if adapter is not None:
            logits = adapter(model, asked.inputs)
        else:
            given = asked.inputs if names is None else {name: asked.inputs[name] for name in names}
            logits = model(given or asked.inputs["token_ids"], training=False)
    if len(logits.shape) != 3:
        raise ValueError(
            f"{layer} expects logits (batch, length or masks, vocabulary). Received: shape={tuple(logits.shape)}."
        )
    return ops.cast(logits if asked.has_picked(logits, names) else asked.at(logits), "float32")


def drawn(
    logits: Tensor, own: Tensor, unit: Tensor, barred: Sequence[int], top_k: int, temperature: float
) -> tuple[Tensor, Tensor]:
    """Draws one of the best proposals for each token.

    Args:
        logits: float32 (batch, tokens, vocabulary).
        own: Integers (batch, tokens), the tokens themselves, which are not proposed.
        unit: float32 (batch, tokens), from 0 to 1, by which the draw is decided.
        barred: Ids that are never proposed.
        top_k: How many proposals there are.
        temperature: By which logits are divided.

    Returns:
        int32 (batch, tokens), ids, and boolean, whether there is one at all.
    """
    size = int(logits.shape[-1])
    never = np.zeros(size, "bool")
    never[[one for one in barred if one < size]] = True
    itself = ops.arange(size, dtype="int32") == ops.cast(own, "int32")[..., None]
    values, ids = ops.top_k(ops.where(itself | ops.convert_to_tensor(never), _NEVER, logits), min(top_k, size))
    odds = ops.cumsum(ops.exp((values - values[..., :1]) * (1.0 / temperature)), axis=-1)
    beyond = odds <= unit[..., None] * odds[..., -1:]
    column = ops.sum(ops.cast(beyond, "int32"), axis=-1, keepdims=True)
    column = ops.minimum(column, min(top_k, size) - 1)
    chosen, value = (ops.take_along_axis(one, column, axis=-1)[..., 0] for one in (ids, values))
    return ops.cast(chosen, "int32"), value > 0.5 * _NEVER


def _check_names(names: Sequence[str] | None, known: Sequence[str], layer: str) -> None:
    """Raises on a model that takes what nobody gives it."""
    missing = sorted(set(names or ()) - set(known))
    if missing == ["mask_positions"]:
        raise ValueError(
            f"{layer} expects max_replacements with a model that takes mask_positions: how many it is given. Received: "
            "max_replacements=None."
        )
    if missing:
        raise ValueError(
            f"{layer} expects a model that takes some of {list(known)}. Received: one that takes {names}. Pass "
            "adapter, a function of the model and a dict of these that returns logits."
        )
