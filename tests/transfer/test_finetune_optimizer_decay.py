"""What weight decay of the fine-tuning optimizer spares, seen in what steps without gradients leave alone."""

import keras
import numpy as np
import pytest
from keras import ops
from optimizer_steps import make_model

from kerasaug.transfer import finetune_class, finetune_optimizer
from kerasaug.transfer.finetune import prepare
from kerasaug.transfer.plan import decay_pattern


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (("bias",), {"low/bias", "middle/bias", "top/bias"}),
        (("norm",), {"bn/gamma", "bn/beta"}),
        (("^.*low/",), {"low/kernel", "low/bias"}),
        ((), set()),
    ],
)
def test_no_decay_survives_config_and_loading(words, spared, tmp_path):
    model = make_model()
    model.compile(finetune_optimizer(keras.optimizers.SGD(0.1, weight_decay=0.5), model, no_decay=words), "mse")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    before = loaded.get_weights()
    zeros = [ops.zeros(v.shape) for v in loaded.trainable_variables]
    loaded.set_weights([weight + 1 for weight in before])
    loaded.optimizer.apply(zeros, loaded.trainable_variables)
    still = {
        "/".join(weight.path.split("/")[-2:])
        for weight, old, new in zip(loaded.weights, before, loaded.get_weights(), strict=True)
        if np.array_equal(old + 1, new) and weight.trainable
    }
    assert still == spared


def test_norm_means_normalisation_of_any_name():
    pattern = decay_pattern(["norm"])
    names = ["m/bn_Conv1/gamma", "beta", "block/layer_norm/scale", "conv/kernel", "enormous/conv/kernel"]
    assert [bool(pattern.search(name)) for name in names] == [True, True, True, False, False]


def test_one_word_spares_as_a_list_of_it_does():
    one, listed = (finetune_optimizer("sgd", make_model(), no_decay=words) for words in ("bias", ["bias"]))
    decays = [[slot.decays for slot in optimizer._plan.slots] for optimizer in (one, listed)]
    names = [variable.path.split("/")[-1] for variable in make_model().trainable_variables]
    assert decays == [[name != "bias" for name in names]] * 2


def test_exclusions_add_up_and_stay():
    model = make_model()
    model.compile(finetune_optimizer(keras.optimizers.SGD(1.0, weight_decay=0.5), model), "mse")
    model.optimizer.exclude_from_weight_decay(var_names=["low/kernel"])
    prepare(model, "Somebody")
    before = model.get_weights()
    zeros = [ops.zeros(v.shape) for v in model.trainable_variables]
    model.optimizer.apply(zeros, model.trainable_variables)
    moved = [w.path for w, a, b in zip(model.weights, before, model.get_weights(), strict=True) if (a != b).any()]
    assert [path.split("/", 1)[1] for path in moved] == ["middle/kernel", "top/kernel"]


def test_exclusions_of_a_loaded_model_go_by_variable(tmp_path):
    """A file's layers have other paths than they had: those of a Sequential model lose its name."""
    model = make_model()
    optimizer = finetune_optimizer(keras.optimizers.SGD(1.0, weight_decay=0.5), model, no_decay=())
    model.compile(optimizer, "mse")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    kernel = loaded.trainable_variables[0]
    assert kernel.path != model.trainable_variables[0].path
    loaded.optimizer.exclude_from_weight_decay(var_list=[kernel])
    before = loaded.trainable_variables[0].numpy().copy(), loaded.trainable_variables[-2].numpy().copy()
    loaded.optimizer.apply([ops.zeros(v.shape) for v in loaded.trainable_variables], loaded.trainable_variables)
    np.testing.assert_array_equal(loaded.trainable_variables[0].numpy(), before[0])
    np.testing.assert_allclose(loaded.trainable_variables[-2].numpy(), before[1] / 2, rtol=1e-6)
    with pytest.raises(ValueError, match=r"FineTuneSGD: expected variables that it was built on.*stranger"):
        loaded.optimizer.exclude_from_weight_decay(var_list=[keras.Variable([1.0], name="stranger")])


@pytest.mark.parametrize("names", ["bias", ["bias"]])
def test_exclusions_before_it_is_built(names):
    optimizer = finetune_class(keras.optimizers.SGD)(1.0, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=names)
    kernel, bias = variables = [keras.Variable([1.0], name=name) for name in ("kernel", "bias")]
    optimizer.build(variables)
    optimizer.apply([ops.zeros((1,))] * 2, variables)
    assert (kernel.numpy().item(), bias.numpy().item()) == (0.5, 1.0)
