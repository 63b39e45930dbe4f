import keras
import numpy as np
import pytest
from keras import ops
from tunable import L, images, network, outputs, shake, trains, values

import kerasaug
from kerasaug.transfer import Adapter, add_adapters, enable_lora, remove_adapters, unfreeze


@pytest.fixture(scope="module")
def adapted():
    """A network, its copy with adapters in both graphs, what that puts out, and then it has other weights."""
    model = network()
    copy = add_adapters(model, ["backbone/norm", "add$"], bottleneck=3, train=("head", "norm"))
    untrained = outputs(copy, images())
    shake(copy, "")
    return model, copy, untrained


def test_new_adapters_change_nothing(adapted):
    model, _, untrained = adapted
    np.testing.assert_array_equal(untrained, outputs(model, images()))


def test_only_adapters_norms_and_head_train(adapted):
    model, copy, _ = adapted
    adapters = {f"{name}/{part}" for name in ("up", "down") for part in ("kernel", "bias")}
    expected = {f"backbone/norm_adapter/{one}" for one in adapters} | {f"add_adapter/{one}" for one in adapters}
    expected |= {"backbone/norm/gamma", "backbone/norm/beta", "top/kernel", "top/bias"}
    assert trains(copy) == expected
    unfreeze(copy, freeze_bn=False)
    assert trains(copy) == expected
    assert len(model.trainable_weights) == len(network().trainable_weights)  # the model itself is as it was


def test_kinds_of_bottlenecks(adapted):
    _, copy, _ = adapted
    on_maps, on_tokens = copy.get_layer("backbone").get_layer("norm_adapter"), copy.get_layer("add_adapter")
    assert isinstance(on_maps.down, L.Conv2D)
    assert isinstance(on_tokens.down, L.Dense)


def test_an_adapter_is_the_formula(rng):
    adapter = Adapter(3, "relu")
    x = rng.normal(size=(2, 4, 4, 5)).astype("float32")
    adapter(x)
    shake(adapter, "")
    down, up = ([ops.convert_to_numpy(v) for v in layer.weights] for layer in (adapter.down, adapter.up))
    expected = x + np.maximum(x @ down[0][0, 0] + down[1], 0) @ up[0][0, 0] + up[1]
    np.testing.assert_allclose(ops.convert_to_numpy(adapter(x)), expected, rtol=1e-4, atol=1e-4)


def test_keras_file(adapted, tmp_path):
    _, copy, _ = adapted
    copy.save(tmp_path / "adapted.keras")
    loaded = keras.models.load_model(tmp_path / "adapted.keras")
    np.testing.assert_allclose(outputs(loaded, images()), outputs(copy, images()), atol=1e-6)
    assert trains(loaded) == trains(copy)


def test_removed_adapters_leave_the_network(adapted):
    model, copy, _ = adapted
    plain = remove_adapters(copy)
    assert [layer.name for layer in plain.layers[1:]] == [layer.name for layer in model.layers[1:]]
    assert [type(layer) for layer in plain.layers] == [type(layer) for layer in model.layers]
    assert len(plain.weights) == len(model.weights)
    left, kept = values(plain), values(copy)
    assert set(left) == set(values(model))
    assert all(np.array_equal(left[path], kept[path]) for path in left)
    with pytest.raises(ValueError, match="has none"):
        remove_adapters(plain)


def test_adapters_behind_residual_blocks_by_default_and_beside_lora():
    copy = add_adapters(network())
    assert [layer.name for layer in copy.layers if isinstance(layer, Adapter)] == ["add_adapter"]
    chosen = enable_lora(copy, rank=2)
    assert not any("adapter" in path for path in chosen)
    trained = trains(copy)
    assert "add_adapter/up/kernel" in trained
    assert "attention/query/lora_kernel_a" in trained


def test_a_layer_that_is_called_twice_has_one_adapter():
    shared = L.Dense(4, name="shared")
    x = keras.Input((4,))
    model = keras.Model(x, L.Dense(2)(shared(shared(x))))
    copy = add_adapters(model, "shared", bottleneck=2)
    assert sum(isinstance(layer, Adapter) for layer in copy.layers) == 1
    data = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(outputs(copy, data), outputs(model, data))


@pytest.mark.parametrize(
    ("after", "message"), [("nowhere", "There are: tokens|There are: backbone"), ("top", "not in its head")]
)
def test_misuse(after, message):
    with pytest.raises(ValueError, match=message):
        add_adapters(network(), after)


def test_models_of_other_kinds_and_sizes():
    with pytest.raises(ValueError, match="Functional or Sequential"):
        add_adapters(keras.Sequential([L.Dense(2)]))
    with pytest.raises(ValueError, match=r"Pass `model\.model`"):
        add_adapters(kerasaug.AugmentedModel(network(), kerasaug.Pipeline([kerasaug.layers.RandomFlip()])))
    with pytest.raises(ValueError, match="integer from 1"):
        Adapter(0)
