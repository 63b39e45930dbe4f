"""What every message about bad input says."""


def says(error, *parts):
    """The message holds what was expected and received, and each of `parts`."""
    message = str(error.value)
    for part in ("expects", "Received", *parts):
        assert part in message, message
