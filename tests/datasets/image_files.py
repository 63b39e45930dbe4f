"""Small picture files for the tests of reading them."""

import io

import numpy as np
from PIL import Image


def picture(seed, height=9, width=12):
    """uint8 noise, a little different for each seed in size too."""
    return np.random.default_rng(seed).integers(0, 256, (height + seed % 3, width, 3), "uint8")


def jpeg(seed):
    buffer = io.BytesIO()
    Image.fromarray(picture(seed)).save(buffer, "JPEG")
    return buffer.getvalue()


def flat_png(value):
    """A PNG of one grey level, by which it is known again after resizing."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((6, 8), value, "uint8")).save(buffer, "PNG")
    return buffer.getvalue()


def tree(root, files):
    """Writes {"class/name.png": bytes}; an int stands for `flat_png` of it, and None for an empty folder."""
    for name, data in files.items():
        path = root / name
        (path if data is None else path.parent).mkdir(parents=True, exist_ok=True)
        if data is not None:
            path.write_bytes(flat_png(data) if isinstance(data, int) else data)
    return root


def greys(dataset):
    """{grey level: label} of a dataset of flat images, which must all be flat."""
    found = {}
    for image, label in dataset.as_numpy_iterator():
        assert image.min() == image.max()
        assert int(image.max()) not in found, "an image comes twice"
        found[int(image.max())] = int(label)
    return found
