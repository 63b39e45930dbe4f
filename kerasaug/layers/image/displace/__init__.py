"""Ops that move every pixel by its own way."""
