"""Ops that mix the samples of a batch."""
