"""Segmenters and classifiers whose weights somebody else trained: loaded from files on this machine, never fetched."""
