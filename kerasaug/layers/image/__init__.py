"""Layers for images, a folder per family."""
