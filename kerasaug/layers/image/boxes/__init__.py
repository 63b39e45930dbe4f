"""Ops on boxes."""
