import keras
import numpy as np
import pytest
from keras import ops
from tunable import L, images, moved, network, outputs, shake, trains, values

from kerasaug.callbacks import BackupAndRestore, GradualUnfreezing
from kerasaug.transfer import LayerGroup, add_adapters, enable_lora, finetune_optimizer, freeze, unfreeze
from kerasaug.transfer.walk import thawed, walk

ATTENTION = ["attention/attention_output", "attention/key", "attention/query", "attention/value"]


def trainable(model):
    return sorted(weight.path.split("/")[-1] for weight in model.trainable_weights)


def dense(units=4, inputs=6, **arguments):
    keras.utils.set_random_seed(5)
    return keras.Sequential([keras.Input((inputs,)), L.Dense(units, name="body", **arguments), L.Dense(2, name="top")])


def test_patterns_choose_layers_and_ranks_and_nothing_changes_yet():
    model, x = network(), images(2)
    before = outputs(model, x)
    chosen = enable_lora(model, rank={"query|value": 2, "backbone/": 3}, lora_alpha=6)
    assert sorted(chosen) == ["attention/query", "attention/value", "backbone/conv"]
    attention = model.get_layer("attention")
    assert attention.query_dense.lora_rank == 2
    assert attention.query_dense.lora_alpha == 6
    assert model.get_layer("backbone").get_layer("conv").lora_rank == 3
    assert np.array_equal(outputs(model, x), before)
    assert trainable(model) == ["bias", "kernel"] + ["lora_kernel_a"] * 3 + ["lora_kernel_b"] * 3


@pytest.mark.parametrize("kind", ["groups", "layers", "everything"])
def test_targets_of_other_kinds(kind):
    model = network()
    group = LayerGroup("stem", tuple(model.get_layer("backbone").layers))
    targets = {"groups": group, "layers": [model.get_layer("attention")], "everything": None}[kind]
    conv = ["backbone/conv"]
    expected = {"groups": conv, "layers": ATTENTION, "everything": [*ATTENTION, *conv]}[kind]
    assert sorted(enable_lora(model, targets, rank=2)) == expected


def test_biases_and_norms_on_request():
    model = network()
    enable_lora(model, "query", rank=2, train=("bias", "norm"))
    names = trainable(model)
    assert names == ["beta"] + ["bias"] * 6 + ["gamma", "lora_kernel_a", "lora_kernel_b"]


@pytest.mark.parametrize("word", ["head", "bias"])
def test_one_word_is_a_list_of_one(word):
    layers = [L.Dense(4, name="low"), L.Dense(4, name="high"), L.Dense(2, name="top")]
    model = keras.Sequential([keras.Input((4,)), *layers])
    adapted = add_adapters(model, "low", bottleneck=2, train=word)
    enable_lora(model, "low", rank=2, train=word)
    expected = {"top/kernel", "top/bias"} if word == "head" else {"low/bias", "high/bias", "top/bias"}
    assert {path for path in trains(model) if "lora" not in path} == expected
    assert {path for path in trains(adapted) if "adapter" not in path} == expected


def test_plain_keras_thaws_the_kernel_and_we_do_not():
    plain = dense()
    plain.layers[0].enable_lora(2)
    plain.layers[0].trainable = False
    plain.layers[0].trainable = True
    assert trainable(plain).count("kernel") == 2  # if this fails, Keras does it itself now

    model = network()
    enable_lora(model, rank=2)
    expected = trainable(model)
    assert expected.count("kernel") == 1
    for layer in walk(model):
        layer.trainable = False
        layer.trainable = True
    assert trainable(model) == expected
    freeze(model)
    assert trainable(model) == ["bias", "kernel"]
    unfreeze(model, freeze_bn=False)
    assert trainable(model) == expected
    with thawed(model):
        assert trainable(model) == expected
    model.trainable = False
    assert trainable(model) == []
    model.trainable = True
    assert trainable(model) == expected


def test_one_step_is_the_formula(rng):
    model = dense(use_bias=False)
    enable_lora(model, "body", rank=2, lora_alpha=4, train=())
    shake(model)
    x, y = rng.normal(size=(3, 6)).astype("float32"), rng.normal(size=(3, 2)).astype("float32")
    body, top = model.layers
    a, b = (ops.convert_to_numpy(v).copy() for v in (body.lora_kernel_a, body.lora_kernel_b))
    top_kernel = ops.convert_to_numpy(top.kernel)
    gradient = 2 / y.size * (outputs(model, x) - y) @ top_kernel.T  # of the mean squared error by the body's output
    before = values(model)
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    model.fit(x, y, batch_size=3, epochs=1, verbose=0)
    np.testing.assert_allclose(body.lora_kernel_a, a - 0.1 * 2 * x.T @ gradient @ b.T, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(body.lora_kernel_b, b - 0.1 * 2 * a.T @ x.T @ gradient, rtol=1e-4, atol=1e-6)
    assert {path.split("/")[-1] for path in moved(before, values(model))} == {"lora_kernel_a", "lora_kernel_b"}


def stack():
    keras.utils.set_random_seed(5)
    return keras.Sequential([keras.Input((6,)), L.Dense(5, name="low"), L.Dense(4, name="mid"), L.Dense(2, name="top")])


def compiled(build, early=False):
    """Compiled with a fine-tuning optimizer made before or after LoRA, and with updates that are not zero."""
    model = build()
    optimizer = finetune_optimizer("adam", model) if early else None
    enable_lora(model, rank=2)
    shake(model)
    model.compile(optimizer or finetune_optimizer("adam", model), "mse", jit_compile=False)
    return model


class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def train(model, *callbacks):
    unfreezing = GradualUnfreezing(schedule={0: -1, 1: 0}, warmup_steps=0, bn="train")
    data = np.random.default_rng(0).normal(size=(8, 6)), np.zeros((8, 2))
    return model.fit(*data, batch_size=8, epochs=3, shuffle=False, verbose=0, callbacks=[unfreezing, *callbacks])


def test_unfreezing_trains_updates_only_and_resumes_exactly(tmp_path):
    whole = compiled(stack, early=True)
    before, snapshots = values(whole), []
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: snapshots.append(values(whole)))
    train(whole, watch)
    assert moved(before, snapshots[0]) == {"top/kernel", "top/bias"}
    after = moved(before, values(whole))
    assert {path.split("/")[-1] for path in after - {"top/kernel", "top/bias"}} == {"lora_kernel_a", "lora_kernel_b"}
    assert len(after) == 2 + 2 * 2

    with pytest.raises(KeyboardInterrupt):
        train(compiled(stack), BackupAndRestore(tmp_path), Stop())
    resumed = compiled(stack)
    train(resumed, BackupAndRestore(tmp_path))
    assert all(np.array_equal(a, b) for a, b in zip(resumed.get_weights(), whole.get_weights(), strict=True))


def test_keras_file_keeps_what_trains_and_can_train_on(tmp_path):
    model, x = compiled(network), images(2)
    unfreeze(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(outputs(loaded, x), outputs(model, x), atol=1e-5)
    assert trainable(loaded) == trainable(model)
    factors = [value for path, value in values(loaded).items() if path.endswith("lora_kernel_a")]
    assert len(factors) == 5
    assert all(value.any() for value in factors)  # Keras leaves both factors at zero, where no gradient reaches them


def attention():
    tokens = keras.Input((3, 4))
    attended = L.MultiHeadAttention(1, 4, name="attention")(tokens, tokens)
    return keras.Model(tokens, L.Dense(2, name="top")(L.GlobalAveragePooling1D()(attended)))


def test_a_file_keeps_what_a_schedule_froze_inside_a_layer(tmp_path):
    model = compiled(attention)
    model.optimizer.iterations.assign(1)
    freeze(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert trainable(loaded) == trainable(model) == ["bias", "kernel"]
    assert int(loaded.optimizer.iterations) == 1
    unfreeze(model)
    unfreeze(loaded)
    assert trainable(loaded) == trainable(model)


def test_dense_keeps_its_alpha_in_files(tmp_path):
    model = dense()
    enable_lora(model, "body", rank=2, lora_alpha=10)
    model.save(tmp_path / "model.keras")
    assert keras.models.load_model(tmp_path / "model.keras").layers[0].lora_alpha == 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"targets": "attention/qeury"}, r"'attention/qeury'.*Near to it: attention/query"),
        ({"targets": "norm"}, "can have LoRA"),
        ({"targets": "top"}, "not in its head"),
        ({"rank": 9, "targets": "query"}, "from 1 to the layer's own, 4.*rank=9"),
        ({"rank": 0}, "from 1"),
        ({"rank": {"query": 2}, "targets": "key"}, "without one for 'attention/key'"),
    ],
)
def test_misuse_is_named_and_changes_nothing(arguments, message):
    model = network()
    before = trainable(model)
    with pytest.raises(ValueError, match=message):
        enable_lora(model, **arguments)
    assert trainable(model) == before
    assert len(model.weights) == len(network().weights)


def test_twice_and_unbuilt_and_constrained():
    model = dense()
    enable_lora(model, "body", rank=2)
    with pytest.raises(ValueError, match=r"has it with rank 2.*merge_lora"):
        enable_lora(model, "body", rank=2)
    with pytest.raises(ValueError, match="built"):
        enable_lora(keras.Sequential([L.Dense(2)]))
    with pytest.raises(ValueError, match="without constraints"):
        enable_lora(dense(kernel_constraint="max_norm"), "body", rank=2)


def test_an_optimizer_at_work_is_warned_of():
    model = dense()
    model.compile("sgd", "mse", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    with pytest.warns(UserWarning, match="compile"):
        enable_lora(model, "body", rank=2)
