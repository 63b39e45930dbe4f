"""Augmentation layers, transfer helpers, callbacks and export for Keras 3."""
