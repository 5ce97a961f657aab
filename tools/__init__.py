"""What can be done: calculators, record reads, notes, guideline search."""
