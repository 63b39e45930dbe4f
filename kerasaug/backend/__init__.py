"""The one place that knows which backend runs, and the only one that may touch Keras's or a backend's private API.

`ops` is `keras.ops`, except while a `tf.data` graph is being traced on the JAX or torch backend: then it is
TensorFlow's implementation of the same functions, so that every layer can be mapped over a dataset.
"""

from kerasaug.backend.active import (
    NATIVE,
    Tensor,
    active,
    dataset_scope,
    in_foreign_graph,
    is_interpreted,
    is_traced,
    ops,
    replica_id,
    runs_on_cpu,
)
from kerasaug.backend.compiling import by_platform, compile_stage, fuses_too_much, materialize, on_tpu
from kerasaug.backend.control import fold, map_samples, switch
from kerasaug.backend.kernels import clip, correlate, count, gather_rows, move, product, select_rows, stretch
from kerasaug.backend.layer import DataLayer, LiveScalar, dataset_seed, in_dataset_map
from kerasaug.backend.optimizers import built_on, rate_function, slot_owners
from kerasaug.backend.training import (
    Fit,
    begin_at,
    fresh_objective,
    global_seed,
    global_seed_state,
    is_building,
    operation_seed_state,
    pass_over,
    rate_schedule,
    replicas_of,
    running_fit,
    set_global_seed_state,
    set_operation_seed_state,
    set_torch_states,
    torch_states,
)

__all__ = [
    "NATIVE",
    "DataLayer",
    "Fit",
    "LiveScalar",
    "Tensor",
    "active",
    "begin_at",
    "built_on",
    "by_platform",
    "clip",
    "compile_stage",
    "correlate",
    "count",
    "dataset_scope",
    "dataset_seed",
    "fold",
    "fresh_objective",
    "fuses_too_much",
    "gather_rows",
    "global_seed",
    "global_seed_state",
    "in_dataset_map",
    "in_foreign_graph",
    "is_building",
    "is_interpreted",
    "is_traced",
    "map_samples",
    "materialize",
    "move",
    "on_tpu",
    "operation_seed_state",
    "ops",
    "pass_over",
    "product",
    "rate_function",
    "rate_schedule",
    "replica_id",
    "replicas_of",
    "running_fit",
    "runs_on_cpu",
    "select_rows",
    "set_global_seed_state",
    "set_operation_seed_state",
    "set_torch_states",
    "slot_owners",
    "stretch",
    "switch",
    "torch_states",
]
