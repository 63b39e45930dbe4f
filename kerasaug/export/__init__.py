"""Export of a trained model to a SavedModel that any TensorFlow process can serve."""

from kerasaug.export.savedmodel import ExportError, export_savedmodel

__all__ = ["ExportError", "export_savedmodel"]
