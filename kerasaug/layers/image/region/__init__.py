"""Ops that replace a region."""
