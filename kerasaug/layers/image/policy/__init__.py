"""Policies: ops chosen for each image on its own, each at a magnitude."""
