"""Ops on each pixel's neighbourhood."""
