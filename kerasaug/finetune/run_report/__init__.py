"""The report of one fine-tuning run: a picture, numbers in a file, a table in the terminal, logs for TensorBoard."""

from kerasaug.finetune.run_report.files import write_report
from kerasaug.finetune.run_report.logs import log_callback, write_logs
from kerasaug.finetune.run_report.run import Run
from kerasaug.finetune.run_report.terminal import print_run, summary_table

__all__ = ["Run", "log_callback", "print_run", "summary_table", "write_logs", "write_report"]
