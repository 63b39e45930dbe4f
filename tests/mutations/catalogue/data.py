"""Images, their order, and how they are divided."""

from mutation import Mutation

_BATCHING = "kerasaug/datasets/batching.py"
_OF_BATCHES = "tests/datasets/test_images_batches.py"
_OF_FOLDERS = "tests/datasets/test_images_folders.py"

DATA = (
    Mutation(
        "corrupt files are dropped in silence",
        "kerasaug/datasets/folders.py",
        "            listing.skip(file, reason)\n",
        "            pass\n",
        (f"{_OF_FOLDERS}::test_a_few_hundred_files_with_three_corrupt_ones",),
    ),
    Mutation(
        "a class may go without an image in one part",
        "kerasaug/datasets/parts.py",
        "min(max(1, round(share * len(members))), len(members) - 1)",
        "round(share * len(members))",
        (f"{_OF_FOLDERS}::test_each_class_has_images_in_both_parts",),
    ),
    Mutation(
        "the division is the same for every seed",
        "kerasaug/datasets/parts.py",
        "random_state=seed",
        "random_state=0",
        (f"{_OF_FOLDERS}::test_the_division_depends_on_the_seed_and_not_on_the_order_of_listing",),
    ),
    Mutation(
        "images are in both parts",
        "kerasaug/datasets/parts.py",
        "return [members[i] for i in sorted(left)],",
        "return list(members),",
        (f"{_OF_FOLDERS}::test_every_image_has_its_label_and_is_in_one_part",),
    ),
    Mutation(
        "digits are divided without regard to their class",
        "kerasaug/datasets/digits.py",
        "members = np.flatnonzero(labels == label)",
        "members = np.arange(len(labels))[int(label) * len(labels) // 10 : (int(label) + 1) * len(labels) // 10]",
        ("tests/datasets/test_digits.py::test_splits_are_stratified",),
    ),
    Mutation(
        "the order of shuffling is that of TensorFlow's global seed",
        _BATCHING,
        "        tf.random.set_seed(1 + seed % (2**31 - 2))\n",
        "",
        (f"{_OF_BATCHES}::test_the_global_seed_has_no_part_in_it_and_is_left_alone",),
    ),
    Mutation(
        "every seed shuffles alike",
        _BATCHING,
        "tf.random.set_seed(1 + seed % (2**31 - 2))",
        "tf.random.set_seed(1)",
        (f"{_OF_BATCHES}::test_seeds_differ",),
    ),
    Mutation(
        "every epoch has the same order",
        _BATCHING,
        "iteration.assign_add(1)",
        "iteration.assign_add(0)",
        (f"{_OF_BATCHES}::test_the_third_iteration_of_two_builds_is_equal_and_iterations_differ",),
    ),
    Mutation(
        "resized pixels are cut off and not rounded",
        "kerasaug/datasets/decoding.py",
        "tf.clip_by_value(tf.round(image), 0, 255)",
        "tf.clip_by_value(image, 0, 255)",
        ("tests/datasets/test_images_decoding.py::test_halves_are_rounded_and_not_cut_off",),
    ),
    Mutation(
        "shrinking aliases",
        "kerasaug/datasets/decoding.py",
        "antialias=True",
        "antialias=False",
        ("tests/datasets/test_images_aliasing.py",),
    ),
    Mutation(
        "classes are numbered as in the catalogue and not as they were chosen",
        "kerasaug/datasets/catalog.py",
        "lookup[wanted] = range(len(names))",
        "lookup[sorted(wanted)] = range(len(names))",
        ("tests/datasets/test_images_catalog.py::test_some_classes_in_the_order_given",),
    ),
)
