"""Low-rank adaptation of the layers of a model, chosen by their paths."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras

from kerasaug.transfer.adapter_layer import Adapter
from kerasaug.transfer.groups import HEAD, LayerGroup, layer_groups
from kerasaug.transfer.held import forget_steps, train_only, warn_of_optimizer
from kerasaug.transfer.lora_layers import factor_names, full_rank, has_lora, takes_lora
from kerasaug.transfer.plan import decay_pattern
from kerasaug.transfer.walk import named_layers, owners, walk


def enable_lora(
    model: keras.Model,
    targets: str | keras.Layer | LayerGroup | Sequence[str | keras.Layer | LayerGroup] | None = None,
    rank: int | Mapping[str, int] = 8,
    lora_alpha: float | None = None,
    train: str | Sequence[str] = ("head",),
    groups: Sequence[LayerGroup] | None = None,
) -> list[str]:
    """Gives layers of a model trainable low-rank updates and freezes everything else but the head.

    The layers' own `enable_lora` does the work, so this is for `Dense`, `EinsumDense`, `Embedding`, `Conv1D`, `Conv2D`
    and `Conv3D`, also inside other layers such as `MultiHeadAttention` and inside models within the model. What is
    frozen stays so: `layer.trainable = True`, `unfreeze` and `GradualUnfreezing` then train the updates and what is in
    `train`, and no kernel (Keras alone lets it train again). BatchNormalization keeps its statistics.

    A `.keras` file or a file of weights has the updates within the kernels, as Keras writes them, and training goes on
    from it with new updates on top. To go on exactly, use `kerasaug.callbacks.BackupAndRestore`. Loading the
    `.keras` file needs `kerasaug` imported; after `merge_lora` it does not.

    Call it before `compile()`.

    Args:
        model: A built model. It is changed in place.
        targets: Which layers: regular expressions that are searched in the layers' paths (such as
            `"encoder/block1/attention/query"`), or the layers or layer groups themselves. Layers of the head are left
            out while it trains as a whole. Defaults to all layers that can.
        rank: Rank of the updates, at least 1 and at most the layer's own; or a dict from patterns to ranks, the first
            that is found in a layer's path counting. Without `targets`, its patterns are the targets. Defaults to 8.
        lora_alpha: The update is multiplied by `lora_alpha / rank`. Defaults to the rank, hence to 1.
        train: What trains besides, one or several: `"head"`, `"bias"`, `"norm"` (gamma and beta), or regular
            expressions that are searched in the paths of weights. Defaults to the head.
        groups: Layer groups, of which the one named `"head"` is the head. Default to `layer_groups(model)`.

    Returns:
        The paths of the layers that have updates now.

    Raises:
        ValueError: When the model is not built, no layer is found, or one has updates already, has a lower rank, or is
            of a kind that cannot have them.

    Example:

    ```python
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16, name="body"), keras.layers.Dense(2)])
    kerasaug.transfer.enable_lora(model, "body", rank=4)  # ["body"]
    len(model.trainable_variables)  # 4: two factors, and the head's kernel and bias
    ```

    Reference:
        - [Hu et al., 2021](https://arxiv.org/abs/2106.09685)
    """
    if not model.built:
        raise ValueError(f"enable_lora expects a built model. Received: {model.name!r}, which is not. Call it once.")
    train = words(train)
    head = head_layers(model, groups, "enable_lora") if "head" in train else []
    chosen = _choose(model, targets, rank, head)
    ranks = {path: _rank_of(path, rank) for path in chosen}
    _check(chosen, ranks)
    for path, layer in chosen.items():
        layer.enable_lora(ranks[path], lora_alpha=lora_alpha)  # type: ignore[attr-defined]
    hold_all_but(model, head, train)
    forget_steps(model)
    warn_of_optimizer(model, "enable_lora")
    return list(chosen)


def words(train: str | Iterable[str]) -> list[str]:
    """What `train` lists; one word, such as `"head"`, is a list of one."""
    return [train] if isinstance(train, str) else list(train)


def head_layers(model: keras.Model, groups: Sequence[LayerGroup] | None, caller: str) -> list[keras.Layer]:
    """The layers of the head, or an error that says how to name them."""
    try:
        groups = layer_groups(model) if groups is None else groups
    except ValueError as error:
        raise ValueError(
            f"{caller} trains the head, and expects to see which layers it has. Received: {model.name!r}, and {error} "
            "Or train no head."
        ) from error
    return [layer for group in groups if group.name == HEAD for layer in group.layers]


def hold_all_but(model: keras.Model, whole: Iterable[keras.Layer], train: Sequence[str]) -> None:
    """Trains `whole`, all adapters and updates of LoRA, and the weights that `train` names; holds everything else."""
    pattern = decay_pattern([word for word in train if word != "head"])

    def names(path: str, layer: keras.Layer, weights: list[Any]) -> list[str]:
        wanted = [weight.name for weight in weights if pattern and pattern.search(f"{path}/{weight.name}")]
        return [*(factor_names(layer) if has_lora(layer) else ()), *wanted]

    train_only(model, [*whole, *_in_adapters(model)], names)


def _in_adapters(model: keras.Model) -> list[keras.Layer]:
    return [part for layer in walk(model) if isinstance(layer, Adapter) for part in owners(layer)]


def _choose(model: keras.Model, targets: Any, rank: Any, head: Sequence[keras.Layer]) -> dict[str, keras.Layer]:
    left_out = {id(layer) for layer in [*head, *_in_adapters(model)]}
    able = {
        path: layer for path, layer in named_layers(model).items() if takes_lora(layer) and id(layer) not in left_out
    }
    if targets is None:
        targets = list(rank) if isinstance(rank, Mapping) else [""]
    chosen: dict[str, keras.Layer] = {}
    for target in [targets] if isinstance(targets, str | keras.Layer | LayerGroup) else targets:
        chosen.update(_matches(model, target, able))
    return {path: layer for path, layer in able.items() if path in chosen}


def _matches(model: keras.Model, target: Any, able: Mapping[str, keras.Layer]) -> dict[str, keras.Layer]:
    if isinstance(target, str):
        found = {path: layer for path, layer in able.items() if re.search(target, path)}
    else:
        listed = target.layers if isinstance(target, LayerGroup) else [target]
        inside = {id(layer) for one in listed for layer in owners(one)}
        found = {path: layer for path, layer in able.items() if id(layer) in inside}
    if not found:
        shown = repr(target) if isinstance(target, str) else f"{getattr(target, 'name', target)!r}"
        raise ValueError(
            f"enable_lora expects targets among the layers of {model.name!r} that can have LoRA and are not in its "
            f"head. Received: {shown}, which is none. {_near(shown, model, able)}"
        )
    return found


def _near(shown: str, model: keras.Model, able: Mapping[str, keras.Layer]) -> str:
    close = difflib.get_close_matches(shown.strip("'"), [*able, *(path.split("/")[-1] for path in able)], 5, 0.5)
    if close:
        return f"Near to it: {', '.join(dict.fromkeys(close))}."
    return f"There are: {', '.join(list(able)[:8])}{' …' if len(able) > 8 else ''}." if able else "There is none."


def _rank_of(path: str, rank: Any) -> int:
    if not isinstance(rank, Mapping):
        return rank
    found = [value for pattern, value in rank.items() if re.search(pattern, path)]
    if not found:
        raise ValueError(
            f"enable_lora expects a rank for every target. Received: rank={dict(rank)}, without one for {path!r}. Add "
            "'.*' at the end for all others."
        )
    return found[0]


def _check(chosen: Mapping[str, keras.Layer], ranks: Mapping[str, int]) -> None:
    for path, layer in chosen.items():
        if has_lora(layer):
            raise ValueError(
                f"enable_lora expects layers without LoRA. Received: {path!r}, which has it with rank "
                f"{layer.lora_rank}. Call `kerasaug.transfer.merge_lora(model)` first, or choose other targets."  # type: ignore[attr-defined]
            )
        constraint = getattr(layer, "kernel_constraint", None) or getattr(layer, "embeddings_constraint", None)
        if constraint or getattr(layer, "quantization_mode", None) == "gptq":
            raise ValueError(
                f"enable_lora expects layers without constraints on the kernel and without GPTQ. Received: {path!r}. "
                "Choose other targets."
            )
    wrong = {
        path: (ranks[path], full_rank(layer))
        for path, layer in chosen.items()
        if not isinstance(ranks[path], int) or not 1 <= ranks[path] <= full_rank(layer)
    }
    if wrong:
        path, (rank, limit) = next(iter(wrong.items()))
        raise ValueError(
            f"enable_lora expects an integer rank from 1 to the layer's own, {limit} for {path!r}. Received: "
            f"rank={rank}{f' (and {len(wrong) - 1} more such layers)' if len(wrong) > 1 else ''}. Choose a lower rank, "
            f"or one for each pattern: rank={{{path!r}: {limit}, '.*': …}}."
        )
