"""Pure functions on tensors: nothing here knows layers, targets or randomness that is not passed in."""
