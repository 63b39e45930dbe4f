"""Figures: means, intervals, budgets, confusions."""

from mutation import Mutation

_STATISTICS = "kerasaug/finetune/comparison/statistics.py"
_EXPERIMENT = "kerasaug/finetune/comparison/experiment.py"
_MEASURES = "kerasaug/finetune/run_report/measures.py"
_OF_STATISTICS = ("tests/finetune/comparison/test_finetune_statistics.py",)
_OF_COMPARISON = "tests/finetune/comparison/test_comparison_report.py"
_OF_RUN = "tests/finetune/test_run_report.py"

REPORTS = (
    Mutation(
        "the interval of a difference is the unpaired one",
        _STATISTICS,
        "interval(np.subtract(values, baseline).tolist(), confidence)",
        "interval(np.subtract(values, baseline[::-1]).tolist(), confidence)",
        _OF_STATISTICS,
    ),
    Mutation(
        "a spread is divided by n",
        _STATISTICS,
        "array.std(ddof=1)",
        "array.std()",
        _OF_STATISTICS,
    ),
    Mutation(
        "an interval has one side",
        _STATISTICS,
        "(1 + confidence) / 2",
        "confidence",
        _OF_STATISTICS,
    ),
    Mutation(
        "arms may take more steps than others",
        _EXPERIMENT,
        "if result.steps != settings.steps:",
        "if result.steps < settings.steps:",
        ("tests/finetune/comparison/test_budgets.py",),
    ),
    Mutation(
        "the test part has a say in what is served",
        _EXPERIMENT,
        "sum(one.validation for one in runs)",
        "sum(one.test for one in runs)",
        (f"{_OF_COMPARISON}::test_best_goes_by_the_validation_part",),
    ),
    Mutation(
        "margins are paired in the order of the runs and not by seed",
        "kerasaug/finetune/comparison/report.py",
        "in sorted(results, key=lambda one: one.seed):",
        "in results:",
        (f"{_OF_COMPARISON}::test_order_of_the_runs_does_not_matter",),
    ),
    Mutation(
        "labelled images are drawn without regard to their class",
        "kerasaug/finetune/comparison/data.py",
        "np.flatnonzero(pool.labels == label) for",
        "np.arange(len(pool.labels)) for",
        ("tests/finetune/comparison/test_finetune_data.py::test_few_is_stratified_from_the_pool_and_repeats",),
    ),
    Mutation(
        "the confusion matrix is transposed",
        _MEASURES,
        "metrics.confusion_matrix(run.truth, run.predicted,",
        "metrics.confusion_matrix(run.predicted, run.truth,",
        (f"{_OF_RUN}::test_a_row_of_the_matrix_is_the_truth",),
    ),
    Mutation(
        "the interval of an accuracy is not Wilson's",
        _MEASURES,
        'method="wilson"',
        'method="exact"',
        (f"{_OF_RUN}::test_figures_are_those_worked_out_by_hand",),
    ),
    Mutation(
        "precision and recall are swapped",
        _MEASURES,
        "        run.truth, run.predicted, labels=range(len(run.class_names)), average",
        "        run.predicted, run.truth, labels=range(len(run.class_names)), average",
        ("tests/finetune/test_run_report_classes.py",),
    ),
)
