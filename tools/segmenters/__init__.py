"""Structures found on images without a network: pure functions of a 2-D array of numbers."""
