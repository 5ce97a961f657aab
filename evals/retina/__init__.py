"""Fundus photographs: drawn ones to fit on, real ones to measure on."""
