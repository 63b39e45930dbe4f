"""Layer groups are the same before and after weights are held by LoRA, BitFit and adapters."""

import keras
import pytest
from tunable import L, trains

from kerasaug.transfer import (
    Adapter,
    add_adapters,
    bitfit,
    enable_lora,
    finetune_optimizer,
    layer_groups,
    release,
    trainable_counts,
)


def dense():
    layers = [L.Dense(4, name=f"d{index}") for index in range(4)]
    return keras.Sequential([keras.Input((4,)), *layers, L.Dense(2, name="top")])


def maps():
    convolutions = [L.Conv2D(4, 3, 2, use_bias=index == 0, name=f"c{index}") for index in range(2)]
    top = [L.BatchNormalization(name="norm"), L.GlobalAveragePooling2D(), L.Dense(2, name="top")]
    return keras.Sequential([keras.Input((16, 16, 3)), *convolutions, *top])


def blocks():
    x = inputs = keras.Input((6, 8))
    for index in range(4):
        attended = L.MultiHeadAttention(2, 4, name=f"attention{index}")(L.LayerNormalization(name=f"n{index}")(x), x)
        x = L.Add(name=f"add{index}")([x, L.Dense(8, name=f"mlp{index}")(attended)])
    return keras.Model(inputs, L.Dense(2, name="top")(L.GlobalAveragePooling1D()(x)))


def grouped(model):
    return [(group.name, [layer.name for layer in group.layers]) for group in layer_groups(model, blocks="each")]


HOLDS = {
    "bitfit": lambda model: bitfit(model, norm=False),
    "bitfit without head": lambda model: bitfit(model, norm=False, head=False),
    "bitfit but for one layer": lambda model: bitfit(model) and release(model.layers[3]),
    "lora": lambda model: enable_lora(model, "d1|c0|attention1/query", rank=2),
    "lora alone": lambda model: enable_lora(model, "d1|c0|attention1/query", rank=2, train=()),
    "lora in the head": lambda model: enable_lora(model, "top", rank=1, train=()),
}


@pytest.mark.parametrize("make", [dense, maps, blocks])
def test_groups_do_not_depend_on_what_is_held(make):
    expected = grouped(make())
    for name, hold in HOLDS.items():
        model = make()
        hold(model)
        flags = [variable.trainable for variable in model.variables], trains(model)
        assert grouped(model) == expected, name
        assert ([variable.trainable for variable in model.variables], trains(model)) == flags  # looking changes nothing


def test_again_and_one_after_another():
    biases = {f"d{index}/bias" for index in range(4)} | {"top/kernel", "top/bias"}
    model = dense()
    assert enable_lora(model, "d0", rank=2) == ["d0"]
    assert enable_lora(model, "d1", rank=2) == ["d1"]
    factors = {f"d{index}/lora_kernel_{factor}" for index in (0, 1) for factor in "ab"}
    assert trains(model) == factors | {"top/kernel", "top/bias"}
    assert trainable_counts(model, verbose=0).kinds["head"] == (10, 10)
    bitfit(model)
    assert trains(model) == factors | biases
    model = maps()
    bitfit(model, norm=False)
    bitfit(model, norm=False)
    assert trains(model) == {"c0/bias", "top/kernel", "top/bias"}
    enable_lora(model, "c1", rank=2)
    assert trains(model) == {"c1/lora_kernel_a", "c1/lora_kernel_b", "top/kernel", "top/bias"}


def test_adapters_twice():
    once = add_adapters(dense(), "d0", bottleneck=2)
    twice = add_adapters(once, "d2", bottleneck=2)
    assert [layer.name for layer in twice.layers if isinstance(layer, Adapter)] == ["d0_adapter", "d2_adapter"]
    parts = {f"{part}/{weight}" for part in ("down", "up") for weight in ("kernel", "bias")}
    adapters = {f"d{index}_adapter/{part}" for index in (0, 2) for part in parts}
    assert trains(twice) == adapters | {"top/kernel", "top/bias"}


def test_a_group_of_held_layers_has_a_rate():
    model = dense()
    enable_lora(model, "d1", rank=2)
    optimizer = finetune_optimizer("sgd", model, layer_decay=0.5)
    assert list(optimizer.group_multipliers) == pytest.approx([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1])
