"""Layers of token sequences, one op per file."""
