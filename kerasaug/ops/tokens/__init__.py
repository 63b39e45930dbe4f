"""Pure functions on batches of token sequences: int32 indices and masks (batch, length)."""
