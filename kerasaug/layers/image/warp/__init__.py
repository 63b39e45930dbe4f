"""Geometric ops."""
