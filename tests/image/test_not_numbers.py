"""NaN and infinities in a sample that a warp leaves out: times 0 they would reach their neighbours."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy

from kerasaug import Pipeline
from kerasaug.layers import RandomRotation, RandomTranslation, RandomZoom

LAYERS = {
    "rotation": lambda **more: RandomRotation(0.1, **more),
    "axis aligned": lambda **more: RandomZoom(0.2, **more),
    "several": lambda **more: Pipeline([RandomRotation(0.1, **more), RandomTranslation(0.2, 0.2, **more)]),
}


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("name", LAYERS)
def test_they_stay_where_they_are(name, data_format, rng):
    images = rng.uniform(0, 255, (3, 6, 7, 5)).astype("float32")
    images[0, 2, 3, 1], images[1, 4, 4, 2] = np.nan, np.inf
    layer = LAYERS[name](data_format=data_format)
    params = layer.draw(images, seed=1)
    for one in params["layers"] if name == "several" else [params]:
        one["chosen"] = np.array([False, False, True])
        for what in set(one) - {"chosen"}:
            neutral = convert_to_numpy(one[what]).copy()
            neutral[:2] = 0.0
            one[what] = neutral
    found = convert_to_numpy(layer.apply(images, params))
    np.testing.assert_array_equal(found[:2], images[:2])
    assert not np.allclose(found[2], images[2])
