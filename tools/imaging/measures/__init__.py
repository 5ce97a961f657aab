"""Measures from masks and landmarks: pure functions; each value with unit, method, source of the scale and interval."""
