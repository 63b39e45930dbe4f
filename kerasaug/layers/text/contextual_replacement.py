"""Replacement of tokens by what a masked language model proposes."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import keras

from kerasaug.arguments import as_integer, as_number
from kerasaug.backend import active
from kerasaug.layers.text.proposing import Request, called, drawn, frozen
from kerasaug.layers.text.rated import RatedEdit, as_most
from kerasaug.layers.text.tokens import Tokens
from kerasaug.ops.bits import to_unit
from kerasaug.ops.tokens.change import Change
from kerasaug.ops.tokens.selection import bits_for
from kerasaug.params import Params
from kerasaug.registry import register


@register
class ContextualReplacement(RatedEdit):
    """Replaces tokens by what a masked language model would put in their place, inside the compiled step.

    Targets: `token_ids`; whatever else has an entry for each token stays, labels too.

    The tokens are masked all at once, the model is called once, and each gets one of the `top_k` most probable ids,
    drawn by their probabilities. Never proposed are the token itself, special tokens, those of the `skip_list`, padding
    and the mask. The model is part of the layer: frozen, called with `training=False`, and saved with it.

    Args:
        rate: Share of the tokens (or words), from 0 to 1, or a pair from which each sample draws its own.
        model: A built `keras.Model` that returns logits (batch, length, vocabulary), or (batch, masks, vocabulary)
            where it takes `mask_positions`, such as `keras_hub.models.BertMaskedLM`. It is given those of `token_ids`,
            `padding_mask`, `segment_ids` and `mask_positions` that it takes. Its `trainable` becomes false: give a
            copy of a model that is to be trained as well.
        mask_token_id: Id of the token that stands for what is to be guessed.
        top_k: How many proposals are drawn from. Defaults to 10.
        temperature: By which logits are divided; more is more random. Defaults to 1.
        max_replacements: How many tokens of a sequence at most, needed where the model takes `mask_positions`. It also
            saves time and memory, since only so many rows of logits are looked at. `None` (the default) for no limit.
        adapter: Function of the model and a dict of what it could be given, which returns logits, for models that take
            something else; registered with Keras where the layer is to be saved.
        **kwargs: `count`, `special_token_ids`, `skip_list`, `pad_token_id`, `unit`, `aligned` and `ignore_class`, see
            `kerasaug.layers.RandomDeletion`; `p`, `seed` and others, see `kerasaug.Augmentation`.

    Input shape:
        Integers `(batch, length)` or `(length,)`, or a dict with `token_ids`, and `padding_mask` at best.

    Output shape:
        The input's.

    Raises:
        RuntimeError: When it is mapped over a `tf.data.Dataset` on JAX or torch, whose models cannot run there.
        TypeError: When `model` is no Keras model.
        ValueError: When an argument cannot be, or the model is not built, takes anything else, or returns no logits.

    Example:

    ```python
    ids = keras.Input((None,), dtype="int32", name="token_ids")
    model = keras.Model({"token_ids": ids}, keras.layers.Dense(200)(keras.layers.Embedding(200, 8)(ids)))
    layer = kerasaug.layers.ContextualReplacement(0.3, model, mask_token_id=103, special_token_ids=[101, 102], seed=1)
    batch = layer({"token_ids": np.array([[101, 7, 8, 9, 10, 102, 0, 0]])})
    ```

    Reference:
        Kobayashi, "Contextual Augmentation: Data Augmentation by Words with Paradigmatic Relations", NAACL 2018; Wu et
        al., "Conditional BERT Contextual Augmentation", 2019; `nlpaug.augmenter.word.ContextualWordEmbsAug`.
    """

    def __init__(
        self,
        rate: float | Sequence[float],
        model: keras.Model,
        mask_token_id: int,
        top_k: int = 10,
        temperature: float = 1.0,
        max_replacements: int | None = None,
        adapter: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, **kwargs)
        name = type(self).__name__
        self.mask_token_id = as_integer(mask_token_id, "mask_token_id", name)
        self.top_k = as_integer(top_k, "top_k", name, low=1)
        self.temperature = as_number(temperature, "temperature", name, 1e-6)
        self.max_replacements = as_most(max_replacements, "max_replacements", name)
        self.model, self.adapter = frozen(model, adapter, self.max_replacements, name), adapter

    def with_state(self, params: Params) -> Params:
        """Parameters, with the values that the model's variables have in this step: JAX would compile them in."""
        return params if active() != "jax" else {**params, "state": [one.value for one in self.model.variables]}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the model and the adapter as Keras saves them, by way of JSON."""
        parts = {"model": self.model, "adapter": self.adapter}
        return {**super().get_config(), **json.loads(json.dumps(keras.saving.serialize_keras_object(parts)))}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ContextualReplacement":
        """Builds the model first."""
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("model", "adapter")}
        return cls(**{**config, **parts})

    def edit(self, tokens: Tokens, params: Params) -> Change:
        """Masks, asks, and draws."""
        taken = self.taken(tokens, params, self.max_replacements)
        unit = params["unit"] if "unit" in params else to_unit(bits_for(params["key"], tokens.ids, 1))
        asked = Request(tokens, taken, self.mask_token_id, self.max_replacements)
        logits = called(self.model, self.adapter, asked, params.get("state"), self._label)
        barred = [*self.special_token_ids, *self.skip_list, self.pad_token_id, self.mask_token_id]
        ids, there = drawn(logits, asked.at(tokens.ids), asked.at(unit), barred, self.top_k, self.temperature)
        return Change(ids=asked.spread(ids), written=asked.taken & asked.spread(there))
