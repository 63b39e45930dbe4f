"""AugmentedModel's train step against arithmetic done by hand."""

import keras
import numpy as np
import pytest
from augmented_probes import SHAPE, augmented, brighten, climb, pictures, probe, weight_of

import kerasaug
from kerasaug import layers

BACKEND = keras.backend.backend()
STEP = 0.1 * 255  # what `brighten()` adds
xla = pytest.mark.skipif(BACKEND == "torch", reason="layers run eagerly on torch")
several_steps = pytest.mark.skipif(BACKEND == "torch", reason="Keras has no steps_per_execution on torch")


def fit(model, x, y=None, **kwargs):
    kwargs = {"batch_size": 4, "epochs": 1, "shuffle": False, "verbose": 0, **kwargs}
    return model.fit(x, np.zeros(len(x)) if y is None else y, **kwargs)


def test_the_step_sees_augmented_images(rng):
    x, model = pictures(rng), augmented()
    fit(model, x, epochs=2)
    assert weight_of(model) == pytest.approx(2 * (x[:4].mean() + x[4:].mean() + 2 * STEP), rel=1e-5)


@several_steps
def test_several_steps_an_execution(rng):
    x, model = pictures(rng, 12), augmented(steps_per_execution=2)
    fit(model, x)
    assert weight_of(model) == pytest.approx(sum(x[i : i + 4].mean() + STEP for i in (0, 4, 8)), rel=1e-5)


def test_evaluate_predict_and_call_see_images_as_they_are(rng):
    x, model = pictures(rng), augmented()
    fit(model, x)
    weight, means = weight_of(model), x.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(model.predict(x, verbose=0)[:, 0], weight * means, rtol=1e-4)
    assert model.evaluate(x, np.zeros(8), verbose=0) == pytest.approx(-weight * means.mean(), rel=1e-4)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(x))[:, 0], weight * means, rtol=1e-4)
    trained = keras.ops.convert_to_numpy(model(x, training=True))
    np.testing.assert_allclose(trained[:, 0], weight * means, rtol=1e-4)


def test_validation_data_is_not_augmented(rng):
    x, other = pictures(rng), pictures(rng)
    model = augmented()
    history = fit(model, x, batch_size=8, validation_data=(other, np.zeros(8))).history
    assert history["val_loss"][0] == pytest.approx(-weight_of(model) * other.mean(), rel=1e-4)
    assert history["loss"][0] == 0, "the weight was 0 when the only step began"


def test_a_short_last_batch(rng):
    x, model = pictures(rng, 7), augmented()
    fit(model, x)
    assert weight_of(model) == pytest.approx(x[:4].mean() + x[4:].mean() + 2 * STEP, rel=1e-5)


class Batches(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return len(self.x) // 4

    def __getitem__(self, i):
        return self.x[4 * i : 4 * i + 4], np.zeros(4)


def dataset(x):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((x, np.zeros(len(x)))).batch(4)


def generator(x):
    return (batch for batch in [(x[:4], np.zeros(4)), (x[4:], np.zeros(4))])


@pytest.mark.parametrize("source", [dataset, generator, Batches])
def test_every_kind_of_data(rng, source):
    x, model = pictures(rng), augmented()
    model.fit(source(x), verbose=0)
    assert weight_of(model) == pytest.approx(x[:4].mean() + x[4:].mean() + 2 * STEP, rel=1e-5)


def test_integer_images_are_augmented_as_floats(rng):
    x, model = pictures(rng).astype("uint8"), augmented()
    fit(model, x, batch_size=8)
    assert weight_of(model) == pytest.approx(x.mean() + STEP, rel=1e-5)


def test_x_without_y(rng):
    class Size(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(-keras.ops.mean(inputs))
            return inputs

    inner = probe()
    inner = keras.Sequential([*inner.layers, Size()])
    inner.build((None, *SHAPE))
    x, model = pictures(rng), augmented(inner=inner, loss=None)
    model.fit(x, batch_size=4, shuffle=False, verbose=0)
    assert weight_of(model) == pytest.approx(x[:4].mean() + x[4:].mean() + 2 * STEP, rel=1e-5)
    assert model.evaluate(x, verbose=0) == pytest.approx(-weight_of(model) * x.mean(), rel=1e-4)


# -- strength and seeds


class Strength(keras.callbacks.Callback):
    """Sets another strength for each epoch."""

    def __init__(self, layer, values):
        super().__init__()
        self.layer, self.values = layer, values

    def on_epoch_begin(self, epoch, logs=None):
        self.layer.strength = self.values[epoch]


@pytest.mark.parametrize(
    ("steps", "jit_compile"), [(1, False), pytest.param(1, True, marks=xla), pytest.param(2, True, marks=several_steps)]
)
def test_a_callback_turns_strength_in_the_compiled_step(rng, steps, jit_compile):
    x, strengths = pictures(rng), [1.0, 0.5, 0.0, 0.25]
    pipeline, traces, seen = brighten(), [], []

    def counted(y_true, y_pred):
        traces.append(1)
        return climb(y_true, y_pred)

    more = {"steps_per_execution": steps} if steps > 1 else {}
    model = augmented(pipeline, loss=counted, jit_compile=jit_compile, **more)
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append((weight_of(model), len(traces))))
    fit(model, x, epochs=4, callbacks=[Strength(pipeline, strengths), record])
    moved = np.diff([0.0] + [weight for weight, _ in seen])
    expected = [x[:4].mean() + x[4:].mean() + 2 * strength * STEP for strength in strengths]
    np.testing.assert_allclose(moved, expected, rtol=1e-4)
    if jit_compile or BACKEND == "tensorflow":  # else the step is not compiled at all
        assert len({count for _, count in seen}) == 1, "a new strength must not compile anything"


@xla
def test_a_layers_own_strength_acts_too(rng):
    x, pipeline = pictures(rng), brighten()
    model = augmented(pipeline, jit_compile=True)
    fit(model, x, batch_size=8, epochs=2, callbacks=[Strength(pipeline.layers[0], [0.5, 0.0])])
    assert weight_of(model) == pytest.approx(2 * x.mean() + 0.5 * STEP, rel=1e-5)


def run(rng_seed, pipeline_seed):
    keras.utils.set_random_seed(rng_seed)
    pipeline = kerasaug.Pipeline([layers.RandomBrightness(0.3)], seed=pipeline_seed)
    model, weights = augmented(pipeline), []
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: weights.append(weight_of(model)))
    fit(model, np.full((8, *SHAPE), 120.0, "float32"), epochs=5, callbacks=[record])
    state = keras.ops.convert_to_numpy(pipeline.generator.state)
    return np.diff([0.0, *weights]), state


def test_every_step_draws_anew_and_the_same_seed_repeats():
    (first, state), (second, _) = run(1, 5), run(2, 5)
    assert len(set(first)) == len(first) == 5, "the draws of five epochs, one like another"
    np.testing.assert_array_equal(first, second)
    fresh = keras.ops.convert_to_numpy(kerasaug.Pipeline([], seed=5).generator.state)
    assert state[1] - fresh[1] == 10, "ten steps advance the seed ten times"


def test_without_a_seed_the_global_one_repeats():
    (first, state), (second, _) = run(1, None), run(1, None)
    np.testing.assert_array_equal(first, second)
    keras.utils.set_random_seed(2)
    assert keras.ops.convert_to_numpy(brighten().generator.state)[0] != state[0]


# -- inner models


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.head = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")

    def call(self, images):
        return self.head(self.pool(images))


def unbuilt():
    return keras.Sequential(probe().layers)


def functional():
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, probe()(inputs))


@pytest.mark.parametrize("make", [Subclassed, unbuilt, functional])
def test_every_kind_of_inner_model(rng, make):
    x, inner = pictures(rng), make()
    model = augmented(inner=inner)
    assert model.model is inner
    fit(model, x, batch_size=8)
    assert weight_of(inner) == pytest.approx(x.mean() + STEP, rel=1e-5)
    np.testing.assert_array_equal(inner.predict(x, verbose=0), model.predict(x, verbose=0))


def test_state_of_the_inner_model_is_updated(rng):
    norm, dropout = keras.layers.BatchNormalization(momentum=0.9), keras.layers.Dropout(0.5)
    inner = keras.Sequential([keras.Input(SHAPE), norm, dropout, *probe().layers])
    x, before = pictures(rng), keras.ops.convert_to_numpy(dropout.seed_generator.state).copy()
    model = augmented(inner=inner)
    fit(model, x, batch_size=8)
    mean = keras.ops.convert_to_numpy(norm.moving_mean)
    np.testing.assert_allclose(mean, 0.1 * (x.mean() + STEP), rtol=1e-4)
    if BACKEND != "torch":  # whose dropout keeps a seed of its own
        assert not np.array_equal(keras.ops.convert_to_numpy(dropout.seed_generator.state), before)
    fit(model, x, batch_size=8)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_mean), 0.19 * (x.mean() + STEP), rtol=1e-4)


def test_layers_inside_the_inner_model_augment_too(rng):
    inner = keras.Sequential([keras.Input(SHAPE), layers.RandomBrightness((0.1, 0.1)), *probe().layers])
    x, model = pictures(rng), augmented(inner=inner)
    fit(model, x, batch_size=8)
    assert weight_of(model) == pytest.approx(x.mean() + 2 * STEP, rel=1e-5)
    assert model.predict(x, verbose=0).mean() == pytest.approx(weight_of(model) * x.mean(), rel=1e-4)


@xla
def test_compiled_with_xla_stays_so(rng):
    pipeline = kerasaug.Pipeline(
        [layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomErasing(), layers.MixUp(num_classes=2)]
    )
    model = augmented(pipeline, jit_compile=True)
    losses = fit(model, pictures(rng), np.arange(8) % 2, epochs=2).history["loss"]
    assert model.jit_compile is True
    assert np.isfinite(losses).all()


# -- a loop of one's own


def test_augment_in_a_loop_of_ones_own(rng):
    x, y, model = pictures(rng), np.arange(8), augmented()
    images, labels, weight = model.augment((x, y))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(images), x + STEP, rtol=1e-5)
    assert labels is y
    assert weight is None
    alone = model.augment(x)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(alone[0]), x + STEP, rtol=1e-5)
    assert alone[1:] == (None, None)


# -- errors


def test_what_is_no_model_and_no_pipeline():
    with pytest.raises(TypeError, match=r"AugmentedModel expects a keras\.Model.*model=Dense"):
        kerasaug.AugmentedModel(keras.layers.Dense(1), brighten())
    for wrong in (keras.Sequential([keras.layers.RandomFlip()]), keras.layers.RandomFlip(), [], None):
        with pytest.raises(TypeError, match=rf"expects a kerasaug\.Pipeline.*pipeline={type(wrong).__name__}"):
            kerasaug.AugmentedModel(probe(), wrong)


def test_a_single_layer_is_a_pipeline(rng):
    x, model = pictures(rng), augmented(layers.RandomBrightness((0.1, 0.1)))
    fit(model, x, batch_size=8)
    assert weight_of(model) == pytest.approx(x.mean() + STEP, rel=1e-5)


def test_a_train_step_of_the_models_own_is_not_dropped_in_silence():
    class Own(Subclassed):
        def train_step(self, *args):
            return super().train_step(*args)

    with pytest.warns(UserWarning, match=r"\['train_step'\] of Own.*will not be used"):
        kerasaug.AugmentedModel(Own(), brighten())


def test_the_loss_of_the_compiled_model_is_the_only_one(rng):
    inner = probe()
    inner.compile("adam", "mse")
    x, model = pictures(rng), augmented(inner=inner, loss=climb)
    fit(model, x, batch_size=8)
    assert weight_of(model) == pytest.approx(x.mean() + STEP, rel=1e-5)
    assert isinstance(inner.optimizer, keras.optimizers.Adam)
