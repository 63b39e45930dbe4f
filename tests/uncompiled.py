"""What these tests compare is arithmetic, so TensorFlow need not compile every small shape; the contract's tests do."""

import keras
import pytest


@pytest.fixture(autouse=True, scope="module")
def uncompiled():
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
