"""One decorator that makes a class loadable from a saved Keras config."""

from keras.saving import register_keras_serializable

register = register_keras_serializable(package="kerasaug")
