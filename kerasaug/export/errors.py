"""The error of an export that would not serve what the model predicts."""


class ExportError(RuntimeError):
    """Says why an exported model was refused; nothing was published."""
