"""What a backup holds, and how it is written and read."""

from mutation import Mutation

_BACKUP = "kerasaug/callbacks/backup.py"
_STATE = "kerasaug/resume/state.py"
_STORAGE = "kerasaug/resume/storage.py"
_FILES = "kerasaug/files.py"
_TESTS = "tests/resume/test_backup.py"
_OF_STORAGE = "tests/resume/test_storage.py"
_STOPPED = (f"{_TESTS}::test_stopped_in_any_epoch",)

RESUME = (
    Mutation(
        "the states of seeds are not put back",
        _STATE,
        "for variable, value in pairs:",
        'for variable, value in [one for one in pairs if "seed" not in one[0].path]:',
        _STOPPED,
    ),
    Mutation(
        "what Keras leaves out of a model's weights is not in the backup",
        _STATE,
        "[_described(variable) for variable in model.variables]",
        "[_described(variable) for variable in model.weights]",
        _STOPPED,
    ),
    Mutation(
        "the optimizer is not put back",
        _STATE,
        '        *_paired("optimizer", _optimizer_variables(model), state["optimizer"]),\n',
        "",
        _STOPPED,
    ),
    Mutation(
        "the data of the epochs that are done are not passed over",
        _BACKUP,
        "backup.number - self._fit.initial_epoch)",
        "0 * backup.number)",
        ("tests/resume/test_backup_data.py",),
    ),
    Mutation(
        "one epoch too many is passed over",
        _BACKUP,
        "backup.number - self._fit.initial_epoch)",
        "backup.number)",
        ("tests/resume/test_backup_data.py",),
    ),
    Mutation(
        "training begins with the epoch that was done last",
        _BACKUP,
        'self.params["epochs"] if done else backup.number)',
        'self.params["epochs"] if done else backup.number - 1)',
        _STOPPED,
    ),
    Mutation(
        "callbacks begin anew",
        _BACKUP,
        'self._states.restore(content["callbacks"])',
        'self._states.restore({name: {} for name in content["callbacks"]})',
        (f"{_TESTS}::test_callbacks_remember",),
    ),
    Mutation(
        "the global random states begin anew",
        _BACKUP,
        'training_state.restore_random(content["training"])',
        "training_state.restore_random(training_state.capture(self.model))",
        (f"{_TESTS}::test_global_random_states_go_on",),
    ),
    Mutation(
        "NumPy's random state begins anew",
        _STATE,
        'np.random.set_state(state["numpy_random"])',
        "np.random.get_state()",
        (f"{_TESTS}::test_global_random_states_go_on",),
    ),
    Mutation(
        "Keras's own random state begins anew",
        _STATE,
        'set_global_seed_state(state["keras_random"])',
        "global_seed_state()",
        (f"{_TESTS}::test_global_random_states_go_on",),
    ),
    Mutation(
        "a training that has stopped early goes on",
        _BACKUP,
        'done = content["stopped"] or backup',
        "done = backup",
        (f"{_TESTS}::test_a_training_that_has_stopped_early_stays_stopped",),
    ),
    Mutation(
        "the older backup is read",
        _STORAGE,
        "in reversed(_numbered(folder)):",
        "in _numbered(folder):",
        (f"{_OF_STORAGE}::test_the_newest_is_read_and_two_are_kept",),
    ),
    Mutation(
        "there is no falling back to the backup before",
        _STORAGE,
        "            damaged.append(path.name)\n",
        "            raise\n",
        (f"{_OF_STORAGE}::test_a_damaged_backup_is_named_and_the_one_before_it_taken",),
    ),
    Mutation(
        "one backup is kept",
        _STORAGE,
        "KEPT = 2",
        "KEPT = 1",
        (f"{_OF_STORAGE}::test_the_newest_is_read_and_two_are_kept",),
    ),
    Mutation(
        "a file that could not be written whole stays",
        _FILES,
        "        temporary.unlink(missing_ok=True)",
        "        pass",
        (f"{_OF_STORAGE}::test_a_full_disk_leaves_what_was_there",),
    ),
    Mutation(
        "a damaged file is believed",
        _STORAGE,
        "zipfile.BadZipFile, zlib.error)",
        "zlib.error)",
        (f"{_OF_STORAGE}::test_every_cut_of_a_file_is_noticed",),
    ),
    Mutation(
        "bfloat16 comes back as integers",
        _STORAGE,
        "return array if str(array.dtype) == dtype else",
        "return array if True else",
        (f"{_OF_STORAGE}::test_bfloat16_and_scalars_keep_their_bits",),
    ),
    Mutation(
        "tuples come back as lists",
        "kerasaug/resume/plain.py",
        'return values if kind == "list" else tuple(values)',
        "return values",
        ("tests/resume/test_plain.py",),
    ),
)
