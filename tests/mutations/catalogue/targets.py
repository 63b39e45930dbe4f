"""Masks, boxes and keypoints, and what dtype they come in."""

from mutation import Mutation

_WARP = "kerasaug/layers/image/warp/base.py"
_MOVED = "kerasaug/layers/image/targets.py"
_BOXES = "kerasaug/boxes.py"

TARGETS = (
    Mutation(
        "masks are read bilinearly",
        _WARP,
        'pixels(fields["segmentation_masks"], "nearest", lead.mask_fill_value)',
        'pixels(fields["segmentation_masks"], lead.interpolation, lead.mask_fill_value)',
        ("tests/image/test_warp_targets.py::test_masks_are_read_at_the_nearest_pixel",),
    ),
    Mutation(
        "masks are filled as images are",
        _WARP,
        'pixels(fields["segmentation_masks"], "nearest", lead.mask_fill_value)',
        'pixels(fields["segmentation_masks"], "nearest", lead.fill_value)',
        ("tests/image/test_warp_targets.py::test_masks_have_a_fill_value_of_their_own",),
    ),
    Mutation(
        "boxes and keypoints move by the output-to-input matrix",
        _WARP,
        "forward=matrices.invert(self.matrix)",
        "forward=self.matrix",
        ("tests/image/test_warp_targets.py::test_boxes_are_the_frames_of_their_moved_corners",),
    ),
    Mutation(
        "two corners of a box are moved instead of four",
        _MOVED,
        "points += [(x, top), (right, y), (",
        "points += [(x, top), (x, top), (",
        ("tests/image/test_warp_targets.py::test_boxes_are_the_frames_of_their_moved_corners",),
    ),
    Mutation(
        "boxes may stick out at the right and below",
        _MOVED,
        "ops.clip(_frame_of(outline, 4 * count), 0.0, limits)",
        "ops.maximum(_frame_of(outline, 4 * count), 0.0 * limits)",
        ("tests/image/test_warp_targets.py::test_boxes_are_the_frames_of_their_moved_corners",),
    ),
    Mutation(
        "boxes without an area are kept",
        _MOVED,
        "(corners[..., 2] > corners[..., 0]) & (corners[..., 3] > corners[..., 1])",
        "(corners[..., 2] >= corners[..., 0]) & (corners[..., 3] >= corners[..., 1])",
        ("tests/image/test_random_crop.py::test_boxes_are_shifted_and_cut_in_every_format",),
    ),
    Mutation(
        "keypoints turn about the middle of the frame's edges",
        _WARP,
        '"float32") - 1.0) / 2.0 for',
        '"float32") - 0.0) / 2.0 for',
        ("tests/image/test_warp_targets.py::test_keypoints_move_with_their_pixels",),
    ),
    Mutation(
        "the visibility of keypoints is lost",
        _MOVED,
        "ops.concatenate([xy, points[..., 2:]], axis=-1)",
        "ops.concatenate([xy, ops.zeros_like(points[..., 2:])], axis=-1)",
        ("tests/image/test_warp_targets.py::test_keypoints_move_with_their_pixels",),
    ),
    Mutation(
        "relative boxes are taken for pixels",
        _BOXES,
        '(boxes, source, "xyxy", height',
        '(boxes, source.removeprefix("rel_"), "xyxy", height',
        ("tests/image/test_warp_targets.py::test_boxes_turn_in_every_format",),
    ),
    Mutation(
        "height and width of relative boxes are swapped",
        _BOXES,
        '"xyxy", height=size[0], width=size[1])',
        '"xyxy", height=size[1], width=size[0])',
        ("tests/image/test_warp_targets.py::test_boxes_turn_in_every_format",),
    ),
    Mutation(
        "integer boxes are cut off and not rounded",
        _BOXES,
        "ops.cast(ops.round(boxes) if",
        "ops.cast(boxes if",
        ("tests/image/test_warp_targets.py::test_integer_boxes_stay_integers_rounded",),
    ),
    Mutation(
        "a box that left the image keeps its class",
        _BOXES,
        '"labels": ops.where(kept, labels, ops.full_like(labels, PADDING))',
        '"labels": labels',
        ("tests/image/test_random_crop.py::test_boxes_are_shifted_and_cut_in_every_format",),
    ),
    Mutation(
        "padding is moved like a box",
        _BOXES,
        "same = is_padding(original)",
        "same = ops.zeros_like(kept)",
        ("tests/image/test_warp_padding.py",),
    ),
    Mutation(
        "boxes of samples that are left out go through the arithmetic",
        _BOXES,
        "same = same | ops.logical_not(touched)[:, None]",
        "same = same | ops.zeros_like(touched)[:, None]",
        ("tests/test_contract.py::test_samples_that_p_leaves_out_stay_bit_for_bit[RandomRotation]",),
    ),
    Mutation(
        "ragged boxes are padded with 0",
        _BOXES,
        "_resize(value, max_boxes) for",
        "_resize(value, max_boxes, 0) for",
        ("tests/training/test_densify_boxes.py",),
    ),
    Mutation(
        "lists of boxes are padded with 0",
        _BOXES,
        "(len(arrays), count, *inner), PADDING, dtype)",
        "(len(arrays), count, *inner), 0, dtype)",
        ("tests/training/test_densify_boxes.py",),
    ),
    Mutation(
        "targets are cast to the compute dtype",
        "kerasaug/augmentation.py",
        "            fields = stage(fields, group)\n        sample.fields = self._finished(fields)",
        "            fields = stage(fields, group)\n"
        "        cast = {kind: self.modality.finished(one, self.compute_dtype) for kind, one in fields.items() "
        'if kind != "bounding_boxes"}\n'
        "        sample.fields = {**fields, **cast}",
        ("tests/test_contract_dtypes.py::test_large_targets_survive_half_precision[RandomFlip]",),
    ),
    Mutation(
        "a model's targets are cast to its compute dtype",
        "kerasaug/training/augmented_model.py",
        '"autocast": False',
        '"autocast": True',
        ("tests/training/test_augmented_model_precision.py",),
    ),
    Mutation(
        "the caller's dict loses what the layer does not know",
        "kerasaug/sample.py",
        "{key: value for key, value in data.items() if key not in known}",
        "{key: data.pop(key) for key in list(data) if key not in known}",
        ("tests/test_contract.py::test_the_callers_data_stays_as_it_was[RandomFlip]",),
    ),
    Mutation(
        "a batch's own dict is changed in the step",
        "kerasaug/training/targets.py",
        "return {**container, name: value}",
        "return container.update({name: value}) or container",
        ("tests/training/test_augmented_model_batch.py",),
    ),
)
