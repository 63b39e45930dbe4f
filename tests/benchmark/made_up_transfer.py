"""A report of the transfer family with figures made up by hand."""

from kerasaug.benchmark.transfer.report import differences
from kerasaug.finetune.comparison.statistics import interval

TESTS = {
    ("full", "plain"): (0.50, 0.60, 0.70),
    ("full", "augmented"): (0.70, 0.80, 0.90),
    ("full", "carried"): (0.60, 0.80, 0.85),
    ("full", "aware"): (0.60, 0.80, 0.85),
    ("lora", "plain"): (0.40, 0.60, 0.50),
    ("lora", "augmented"): (0.70, 0.70, 0.70),
    ("lora", "carried"): (0.70, 0.70, 0.70),
    ("lora", "aware"): (0.72, 0.73, 0.74),
}
VARIANTS = ["plain", "augmented", "carried", "aware"]


def row(way, variant, tests):
    mean = interval(tests)
    finite = len(tests) > 1
    return {
        "way": way,
        "title": way,
        "variant": variant,
        "learning_rate": 0.01 if variant == "augmented" else 0.003,
        "trainable": {"full": 77717, "lora": 16285}[way],
        "milliseconds_a_step": 12.25,
        "test": {"mean": mean.mean, "low": mean.low if finite else None, "high": mean.high if finite else None},
        "validation": 0.5,
        "train": 1.0,
        "runs": [{"seed": seed, "test": test, "validation": 0.5, "train": 1.0} for seed, test in enumerate(tests)],
    }


def report(seeds=3, quick=False):
    rows = [row(way, variant, tests[:seeds]) for (way, variant), tests in TESTS.items()]
    choice = {"way": "lora", "variant": "plain", "validation": {"0.003": 0.6, "0.01": 0.5}, "chosen": 0.003}
    steps = [("forward", 0, 20.0), ("freeze_to", 1, 22.0), ("trainable=False", 1, 22.5), ("multiplier 0", 1, 60.0)]
    return {
        "schema": 1,
        "family": "transfer",
        "quick": quick,
        "backend": "tensorflow",
        "settings": {
            "epochs": 2,
            "steps_per_epoch": 5,
            "batch_size": 25,
            "seeds": list(range(seeds)),
            "selection_seeds": [100, 101],
            "rates": [0.003, 0.01],
            "ways": ["full", "lora"],
            "variants": VARIANTS,
        },
        "tasks": {
            "digits": {
                "title": "Digits",
                "shots": 5,
                "choices": [{**choice, "at_the_edge": True}],
                "rows": rows,
                "differences": differences(rows),
            }
        },
        "steps": {
            "network": "a network",
            "batch": [32, 96, 96, 3],
            "groups": ["stride2", "head"],
            "rows": [{"way": way, "groups": groups, "milliseconds": time} for way, groups, time in steps],
        },
    }
