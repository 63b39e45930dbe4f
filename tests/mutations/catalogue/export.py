"""The SavedModel: what is traced, verified and published."""

from mutation import Mutation

_ENDPOINT = "kerasaug/export/endpoint.py"
_SAVEDMODEL = "kerasaug/export/savedmodel.py"
_VERIFY = "kerasaug/export/verify.py"
_PUBLISH = "kerasaug/export/publish.py"
_TESTS = "tests/test_export.py"
_OF_PUBLISH = "tests/test_export_publish.py"

EXPORT = (
    Mutation(
        "the model is served as it trains",
        _ENDPOINT,
        "training=False), output_name)",
        "training=True), output_name)",
        (f"{_TESTS}::test_a_layer_that_augments_by_default_is_served_clean",),
    ),
    Mutation(
        "the wrapper is served and not its inner model",
        _SAVEDMODEL,
        "served = model if inner is None else inner",
        "served = model",
        (f"{_TESTS}::test_a_wrapper_is_served_as_its_inner_model",),
    ),
    Mutation(
        "nothing is verified",
        _SAVEDMODEL,
        "        if verify:\n",
        "        if not verify:\n",
        (f"{_TESTS}::test_a_wrapper_that_predicts_otherwise_is_refused",),
    ),
    Mutation(
        "a graph that draws random numbers passes",
        _VERIFY,
        "    if random:\n",
        "    if not random:\n",
        (f"{_TESTS}::test_a_random_model_is_refused",),
        backend="tensorflow",
    ),
    Mutation(
        "a graph that assigns variables passes",
        _VERIFY,
        'node.op.startswith("Assign")',
        'node.op.startswith("Assigned")',
        (f"{_TESTS}::test_a_model_that_writes_variables_at_inference_is_refused",),
        backend="tensorflow",
    ),
    Mutation(
        "JAX traces a model that changes its state",
        _ENDPOINT,
        "        if changed:\n",
        "        if not changed and False:\n",
        (f"{_TESTS}::test_a_model_that_writes_variables_at_inference_is_refused",),
        backend="jax",
    ),
    Mutation(
        "predictions may be far away",
        _VERIFY,
        "rtol=0.0, atol=tolerance * scale",
        "rtol=1.0, atol=tolerance * scale",
        (f"{_TESTS}::test_a_wrapper_that_predicts_otherwise_is_refused",),
    ),
    Mutation(
        "the folder under way looks like a version",
        _PUBLISH,
        'f".export-{uuid.uuid4().hex}"',
        "str(uuid.uuid4().int)",
        (f"{_OF_PUBLISH}::test_while_it_is_written_no_server_takes_it_for_a_version",),
    ),
    Mutation(
        "the next version is the number of versions",
        _PUBLISH,
        "max(_versions(self.parent), default=0) + 1",
        "len(_versions(self.parent)) + 1",
        (f"{_OF_PUBLISH}::test_the_next_version_is_one_above_the_highest",),
    ),
    Mutation(
        "a version is seen before it is on the disk",
        _PUBLISH,
        "        _flush(self.folder)\n",
        "",
        (f"{_OF_PUBLISH}::test_a_version_is_flushed_before_it_is_seen",),
    ),
    Mutation(
        "an export that failed leaves its folder",
        _PUBLISH,
        "shutil.rmtree(staged.folder, ignore_errors=True)",
        "staged.folder.exists()",
        (f"{_OF_PUBLISH}::test_a_full_disk_or_an_interrupt_leaves_nothing",),
    ),
)
