"""A small convolutional network, images for it, and extraction in small batches: for the tests of features."""

import keras
import numpy as np

from kerasaug.transfer import build_classifier, extract_features

layers = keras.layers
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(7, 8, 8, 3)).astype("float32")
Y = np.arange(7) % 3
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def backbone():
    images = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="stem")(images)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.ReLU(name="stem_relu")(x)
    x = layers.ZeroPadding2D(name="pad")(x)
    x = layers.Conv2D(6, 3, strides=2, name="body")(x)
    x = layers.Dropout(0.5, name="drop")(x)
    return keras.Model(images, layers.ReLU(name="body_relu")(x), name="net")


def of(model, data, wanted=None, **options):
    return extract_features(model, data, wanted, batch_size=3, verbose=0, **options)


def classifier():
    keras.utils.set_random_seed(0)
    built = build_classifier(backbone(), 3)
    normalisation = built.get_layer("net").get_layer("stem_bn")
    normalisation.set_weights([RANDOM.uniform(0.5, 2, 4) for _ in range(4)])
    return built


def maps_of(model):
    """By plain Keras: a second model that ends at the layer."""
    net = model.get_layer("net")
    names = ("stem", "stem_relu", "body_relu")
    return dict(zip(names, keras.Model(net.input, [net.get_layer(n).output for n in names]).predict(X), strict=True))
