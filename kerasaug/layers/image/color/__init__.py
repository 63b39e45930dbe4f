"""Colour ops."""
