"""What the backends have under other names, or need to be told more of."""

from importlib import import_module
from typing import Any

from kerasaug.backend.active import NATIVE, Tensor, active, ops


def gather_rows(rows: Tensor, index: Tensor) -> Tensor:
    """Takes rows by int32 indices that are known to lie inside, without the checks `ops.take` pays for."""
    if active() == "tensorflow":
        return import_module("tensorflow").gather(rows, index)
    if NATIVE == "jax":
        return rows.at[index].get(mode="promise_in_bounds")
    return ops.take(rows, index, axis=0)


def count(index: Tensor, size: int | Tensor) -> Tensor:
    """int32 (size,): how often each of 0 … size - 1 occurs in a vector of int32, all of which must lie there."""
    if active() == "tensorflow":  # `bincount` asks for the largest of them first, and has no kernel for XLA
        tf = import_module("tensorflow")
        none = tf.zeros((0,), "int32")
        return tf.raw_ops.DenseBincount(input=index, size=size, weights=none, binary_output=False)
    if NATIVE == "jax":
        return ops.zeros((size,), dtype="int32").at[index].add(1, mode="promise_in_bounds")
    return ops.cast(import_module("torch").bincount(index, minlength=size), "int32")


def select_rows(which: Tensor, rows: Tensor, others: Tensor) -> Tensor:
    """Takes each of `rows` where `which`, boolean (batch,), holds, and of `others` elsewhere.

    `ops.where` is TensorFlow's SelectV2, which broadcasts along four axes in 27 ms where a pass over 64x224x224x3 takes
    2 and the older Select, whose condition may be a vector, 2.
    """
    if active() == "tensorflow":
        return import_module("tensorflow").raw_ops.Select(condition=which, x=rows, y=others)
    return ops.where(ops.reshape(which, (-1,) + (1,) * (len(rows.shape) - 1)), rows, others)


def product(equation: str, one: Tensor, other: Tensor) -> Tensor:
    """`einsum` in full float32, which JAX must be told on accelerators."""
    if active() == "jax":
        return import_module("jax").numpy.einsum(equation, one, other, precision="highest")
    return ops.einsum(equation, one, other)


def clip(values: Tensor, low: float, high: float) -> Tensor:
    """`ops.clip` in one pass over the values: TensorFlow's is two where nothing compiles it."""
    if active() == "tensorflow":
        return import_module("tensorflow").raw_ops.ClipByValue(t=values, clip_value_min=low, clip_value_max=high)
    return ops.clip(values, low, high)


def correlate(images: Tensor, kernel: Tensor, padding: str) -> Tensor:
    """TensorFlow's own correlation of each channel with one kernel, where XLA does not compile.

    Args:
        images: float32 (batch, height, width, channels), whose channels are known.
        kernel: float32 (rows, columns).
        padding: `"SAME"`, with zeros, or `"VALID"`.
    """
    tf = import_module("tensorflow")
    kernel = tf.tile(kernel[:, :, None, None], (1, 1, images.shape[-1], 1))
    return tf.nn.depthwise_conv2d(images, kernel, (1, 1, 1, 1), padding)


def stretch(
    images: Tensor, size: tuple[int, int], kernel: str = "bilinear", antialias: bool = False, exact: bool = True
) -> Tensor:
    """TensorFlow's own resize, float32, where XLA does not compile.

    Unless `exact`, bicubic weights are read off a table of 1024 entries, as in Keras: noise of 0 … 255 comes out 0.03
    off, and 0.24 at most, in a quarter of the time.
    """
    tf = import_module("tensorflow")
    kernels = {"bilinear": "triangle", "bicubic": "keyscubic"}
    if kernel == "area" or (not antialias and (kernel == "bilinear" or (kernel == "bicubic" and not exact))):
        wide = images.dtype in (tf.uint32, tf.uint64)  # which those kernels do not take
        return tf.image.resize(tf.cast(images, "float32") if wide else images, size, kernel)
    scale = tf.cast(size, "float32") / tf.cast(tf.shape(images)[1:3], "float32")
    return tf.raw_ops.ScaleAndTranslate(
        images=tf.cast(images, "float32"),
        size=size,
        scale=scale,
        translation=(0.0, 0.0),
        kernel_type=kernels.get(kernel, kernel),
        antialias=antialias,
    )


def move(images: Tensor, affine: Tensor, size: tuple[Any, Any], fill_mode: str, fill_value: float) -> Tensor:
    """TensorFlow's own bilinear resample, float32, for which XLA has no kernel.

    Args:
        images: (batch, height, width, channels).
        affine: (batch, 6), the first two rows of output-to-input matrices, on indices of pixels.
        size: Height and width of the output.
        fill_mode: `"reflect"`, `"constant"` or `"nearest"`; its `"wrap"` tears the seam.
        fill_value: The constant.
    """
    tf = import_module("tensorflow")
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, "float32"),
        transforms=tf.pad(affine, [[0, 0], [0, 2]]),
        output_shape=tf.stack(size),
        fill_value=fill_value,
        interpolation="BILINEAR",
        fill_mode=fill_mode.upper(),
    )


def gather_tokens(values: Tensor, index: Tensor) -> Tensor:
    """Takes, from each row of (batch, length, …), the entries at int32 (batch, count), known to lie inside."""
    if active() == "tensorflow":
        return import_module("tensorflow").gather(values, index, batch_dims=1)
    if NATIVE == "jax":
        rows = ops.arange(values.shape[0], dtype="int32")[:, None]
        return values.at[rows, index].get(mode="promise_in_bounds")
    index = ops.reshape(index, (*index.shape, *(1,) * (len(values.shape) - 2)))
    return ops.take_along_axis(values, ops.broadcast_to(index, (*index.shape[:2], *values.shape[2:])), axis=1)


def place(target: Tensor, values: Tensor, size: int | None = None) -> Tensor:
    """Adds values (batch or 1, length), int32, up at the places `target`, int32 (batch, length), of rows of zeros.

    What is to go beyond the row's end, at `size` or else at its length, is left out.
    """
    batch, length = ops.shape(target)[0], ops.shape(target)[1]
    size = length if size is None else size
    width = size + 1
    values = ops.broadcast_to(values, (batch, length))
    target = ops.minimum(target, size) + ops.arange(batch, dtype="int32")[:, None] * width
    flat, values = ops.reshape(target, (-1,)), ops.reshape(values, (-1,))
    if active() == "tensorflow":
        tf = import_module("tensorflow")
        placed = tf.scatter_nd(flat[:, None], values, tf.reshape(batch * width, (1,)))
    elif NATIVE == "jax":
        placed = ops.zeros((batch * width,), dtype="int32").at[flat].add(values, mode="promise_in_bounds")
    else:
        placed = ops.zeros((batch * width,), dtype="int32").index_add(0, flat, values)
    return ops.reshape(placed, (batch, width))[:, :size]
