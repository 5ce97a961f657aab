"""Chest films: the reference masks, the fitting of the lung classifier, and caliper readings."""
