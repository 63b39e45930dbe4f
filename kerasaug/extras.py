"""Optional dependencies: imported where they are used, missed with one sentence that says what to install."""

from importlib import import_module
from types import ModuleType


def require(module: str, extra: str, needed_by: str) -> ModuleType:
    """Imports an optional module, or says which extra provides it.

    Args:
        module: Name of the module, such as `"tensorflow_datasets"`.
        extra: The extra of kerasaug that installs it, such as `"data"`.
        needed_by: What the user called, for the message.

    Returns:
        The imported module.

    Raises:
        ImportError: When the module is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise  # the module is there, something it needs is not: hiding which would mislead
        raise ImportError(
            f"{needed_by} needs `{module}`, which is not installed: run `pip install 'kerasaug[{extra}]'`."
        ) from error
