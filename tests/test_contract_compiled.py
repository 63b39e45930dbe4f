"""The same result op by op, stage by stage, compiled as a whole, and mapped over a dataset."""

import cases
import keras
import numpy as np
import pytest
from cases import CASES, PIPELINES, every_case
from contract_tools import (
    BACKEND,
    assert_same,
    compile_whole,
    compiled_backends,
    differs,
    images,
    sample_of,
    targets,
    to_numpy,
    uncompiled,
)

import kerasaug
from kerasaug import layers as L
from kerasaug.policy import Policy

tf = pytest.importorskip("tensorflow")
needs_compiler = pytest.mark.skipif(not compiled_backends, reason="torch runs eagerly")
ATOL = 0.01  # of pixels up to 255: compilers contract a·b + c


@every_case("compiled", CASES)
def test_stages_give_what_ops_one_by_one_give(case):
    layer = case.shared()
    data = targets(sample_of(layer))
    with uncompiled():
        params = layer.draw(data, seed=9)
        expected = layer.apply(data, params)
    assert_same(layer.draw(data, seed=9), params, atol=1e-5)
    assert_same(layer.apply(data, params), expected, atol=ATOL)


@needs_compiler
@every_case("compiled", CASES)
def test_one_compiled_function_gives_what_stages_give(case):
    layer = case.shared()
    data = targets(sample_of(layer))
    whole = compile_whole(lambda batch: layer.apply(batch, layer.draw(batch, seed=9)))
    assert_same(whole(data), layer.apply(data, layer.draw(data, seed=9)), atol=ATOL)


@every_case("dataset", CASES)
def test_a_dataset_map_gives_what_a_call_gives(case):
    """On every backend, with an unknown batch size: draws are a function of the seed alone."""
    layer = case.shared()
    data = sample_of(layer)
    dataset = tf.data.Dataset.from_tensor_slices(data).batch(4)
    result = next(iter(dataset.map(lambda batch: layer.apply(batch, layer.draw(batch, seed=9)))))
    assert result["file"].numpy().tolist() == [name.encode() for name in data["file"]]
    assert_same(targets(result), to_numpy(layer.apply(targets(data), layer.draw(data, seed=9))), atol=ATOL)


@every_case("sizes")
def test_a_dataset_map_takes_images_of_unknown_size(case):
    layer = case.layer()
    batches = [images(4, 9, 12), images(5, 11, 8)]
    signature = tf.TensorSpec((None, None, None, 3), "float32")
    dataset = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=signature)
    results = [result.numpy() for result in dataset.map(layer, num_parallel_calls=2)]
    assert [result.shape for result in results] == [layer.compute_output_shape(batch.shape) for batch in batches]
    assert all(result.dtype == "float32" for result in results)
    assert results[0].shape != batches[0].shape or differs(results, batches)


def test_a_dataset_map_draws_anew_for_each_element():
    layer = L.RandomBrightness((0.1, 0.9), seed=1)
    dataset = tf.data.Dataset.from_tensors(np.zeros((4, 2, 2, 3), "float32")).repeat(3)
    values = np.concatenate([result.numpy()[:, 0, 0, 0] for result in dataset.map(layer)])
    assert len(np.unique(values)) == 12


def test_one_image_can_be_mapped():
    dataset = tf.data.Dataset.from_tensor_slices(images()).map(L.RandomFlip("horizontal", seed=1))
    for result, image in zip(dataset, images(), strict=True):
        assert not differs(result, image) or not differs(result, image[:, ::-1])


@pytest.mark.skipif(BACKEND != "jax", reason="JAX lowers for TPU; TensorFlow needs one")
@every_case("tpu", CASES)
def test_lowers_for_tpu(case):
    import jax

    layer = case.shared()
    data = targets(sample_of(layer))

    def run(batch, seed):
        return layer.apply(batch, layer.draw(batch, seed=seed))

    lowered = jax.export.export(jax.jit(run), platforms=["tpu"])(data, np.array([1, 0], "int32"))
    assert lowered.platforms == ("tpu",)
    assert lowered.out_avals


def _classifier(*front, size=(8, 10)):
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(5)]
    return keras.Sequential([keras.Input((*size, 3)), *front, *head])


def _fit(model):
    model.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True), jit_compile=True)
    before = to_numpy([variable.value for variable in model.trainable_variables])
    labels = np.eye(5, dtype="float32")[np.arange(8) % 5]
    history = model.fit(images(8) / 255.0, labels, batch_size=4, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert differs(to_numpy([variable.value for variable in model.trainable_variables]), before)


@needs_compiler
@every_case("jit")
def test_a_model_with_it_stays_compiled(case):
    """Inside, where labels are not needed, and around: nothing runs here, Keras asks every layer."""
    layer = case.layer()
    models = [] if layer.mixes else [_classifier(layer)]
    models.append(kerasaug.AugmentedModel(_classifier(size=layer.output_size((8, 10))), case.layer()))
    for model in models:
        model.compile("sgd", "mse", jit_compile="auto" if BACKEND == "jax" else True)  # TensorFlow's is off on a CPU
        assert model.jit_compile is True


@needs_compiler
def test_a_model_with_every_label_free_layer_trains_compiled():
    """But for policies, of which the test below trains those that differ in more than what they draw."""
    ops = [case for case in cases.IMAGE_CASES if isinstance(case.make, type) and not isinstance(case.shared(), Policy)]
    layers = [case.layer() for case in ops if not case.shared().mixes]
    assert all(layer.supports_jit for layer in layers)
    model = _classifier(*layers)
    _fit(model)
    assert model.jit_compile is True


@needs_compiler
@every_case("fit", PIPELINES)
def test_a_model_augmented_by_a_mixing_pipeline_trains_compiled(case):
    size = case.shared().output_size((8, 10))
    model = kerasaug.AugmentedModel(_classifier(size=size), case.layer())
    _fit(model)
    assert model.jit_compile is True


class _Strengths(keras.callbacks.Callback):
    def __init__(self, layer, values):
        super().__init__()
        self.layer, self.values = layer, values

    def on_epoch_begin(self, epoch, logs=None):
        self.layer.strength = self.values[epoch]


@pytest.mark.parametrize("wrapped", [False, True], ids=["layer", "pipeline"])
@pytest.mark.parametrize("placed", ["inside", "around"])
def test_strength_is_live_in_a_compiled_step(placed, wrapped):
    """The mean pixel, 100, rises by half the value range times the strength: which is the loss that `fit` reports."""
    draws = []

    class Brighter(L.RandomBrightness):
        def draw_params(self, rng):
            draws.append(1)
            return super().draw_params(rng)

    layer = Brighter((0.5, 0.5))
    augmentation = kerasaug.Pipeline([layer]) if wrapped else layer
    mean = keras.layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(1 / 3))
    inside = [augmentation] if placed == "inside" else []
    model = keras.Sequential([keras.Input((2, 2, 3)), *inside, keras.layers.GlobalAveragePooling2D(), mean])
    if placed == "around":
        model = kerasaug.AugmentedModel(model, augmentation)
    model.compile(keras.optimizers.SGD(0.0), "mean_absolute_error")
    traces = []
    count = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: traces.append(len(draws)))
    strengths = [1.0, 0.5, 0.0, 0.25]
    callbacks = [_Strengths(augmentation, strengths), count]
    data = np.full((8, 2, 2, 3), 100.0, "float32")
    history = model.fit(data, np.zeros((8, 1)), batch_size=4, epochs=4, shuffle=False, verbose=0, callbacks=callbacks)
    expected = [100 + 127.5 * value for value in strengths]
    np.testing.assert_allclose(history.history["loss"], expected, rtol=1e-4)
    if compiled_backends:
        assert traces[0] == traces[-1], "the step was traced again"
