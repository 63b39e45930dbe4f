"""What is shown of an image, and by which weights; perspective; the number of boxes."""

from mutation import Mutation

_WARP = "kerasaug/layers/image/warp/"
_PERSPECTIVE = ("tests/image/test_random_perspective.py",)
_CROP = ("tests/image/test_center_crop.py",)
_RESIZING = ("tests/image/test_resizing.py",)
_RESIZE = ("tests/ops/test_resize.py",)
_AXES = ("tests/ops/test_axes.py",)
_BOXES = ("tests/image/test_max_num_bounding_boxes.py",)

FRAMING = (
    Mutation(
        "corners of a perspective move outwards",
        "kerasaug/ops/homography.py",
        "(1.0 - inwards)",
        "(1.0 + inwards)",
        _PERSPECTIVE,
    ),
    Mutation(
        "a homography leaves out its shear",
        "kerasaug/ops/homography.py",
        "(y1 - y0 + g * y1,",
        "(0.0 * y1,",
        _PERSPECTIVE,
    ),
    Mutation(
        "perspective reads where pixels go",
        _WARP + "random_perspective.py",
        'invert(to_quadrilateral(quadrilateral(params["inwards"]), size))',
        'to_quadrilateral(quadrilateral(params["inwards"]), size)',
        _PERSPECTIVE,
    ),
    Mutation(
        "corners may leave a shape that is not convex",
        _WARP + "random_perspective.py",
        "inwards * _CONVEX, inwards)",
        "inwards, inwards)",
        _PERSPECTIVE,
    ),
    Mutation(
        "a perspective's probability is the range's upper end",
        _WARP + "random_perspective.py",
        "rng.unit() < rng.uniform(*self.factor)",
        "rng.unit() < self.factor[1]",
        _PERSPECTIVE,
    ),
    Mutation(
        "points behind the horizon are turned around",
        "kerasaug/ops/matrix.py",
        "ops.maximum(rows[2], HORIZON)",
        "rows[2]",
        _PERSPECTIVE,
    ),
    Mutation(
        "an antialiased kernel shrinks where the image grows",
        "kerasaug/ops/kernels.py",
        "xp.maximum(step, 1.0) if antialias",
        "step if antialias",
        _RESIZE,
    ),
    Mutation(
        "resizing keeps the first pixel's centre where it was",
        "kerasaug/ops/kernels.py",
        "pixels + 0.5 - (places + 0.5) * step",
        "pixels - places * step",
        _RESIZE,
    ),
    Mutation(
        "the cubic is opencv's",
        "kerasaug/ops/kernels.py",
        "(1.5 * distance - 2.5) * distance * distance + 1.0",
        "(1.25 * distance - 2.25) * distance * distance + 1.0",
        _RESIZE,
    ),
    Mutation(
        "the nearest pixel is that of the corner",
        "kerasaug/ops/resize.py",
        '(2 * xp.arange(count, dtype="int32") + 1) * length',
        '2 * xp.arange(count, dtype="int32") * length',
        _RESIZE,
    ),
    Mutation(
        "a kernel of many pixels leaves out the last",
        "kerasaug/ops/resize.py",
        "int(np.max(last - first)) + 1",
        "int(np.max(last - first))",
        _RESIZE,
    ),
    Mutation(
        "windows are cut at the top",
        _WARP + "framing.py",
        "return (size[0] - height) // 2,",
        "return 0 * height,",
        _CROP,
    ),
    Mutation(
        "images are padded at the bottom alone",
        _WARP + "framing.py",
        "return -top, -left, size[0] + 2 * top,",
        "return 0 * top, -left, size[0] + 2 * top,",
        _RESIZING,
    ),
    Mutation(
        "boxes of a window move the other way",
        _WARP + "framing.py",
        "left + width / 2.0 - middle[1]",
        "middle[1] - left - width / 2.0",
        _RESIZING,
    ),
    Mutation(
        "a padding is rounded to the images' dtype before they are resized",
        _WARP + "framing.py",
        'self.beyond == "constant" and interpolation != "nearest"',
        "False",
        _RESIZING,
    ),
    Mutation(
        "products have no constant beyond the frame",
        "kerasaug/ops/axes.py",
        "return pixels + fill_value * (1.0 - inside)",
        "return pixels",
        _AXES,
    ),
    Mutation(
        "products copy integers as floats",
        "kerasaug/ops/axes.py",
        "_PLANE = 16",
        "_PLANE = 32",
        _AXES,
    ),
    Mutation(
        "boxes are cut before padding is",
        "kerasaug/boxes.py",
        "if rows is None or rows > count:",
        "if rows is None:",
        _BOXES,
    ),
    Mutation(
        "boxes are padded with -1, whatever was asked for",
        "kerasaug/boxes.py",
        "_resize(value, count, fill_value) for",
        "_resize(value, count) for",
        _BOXES,
    ),
)
