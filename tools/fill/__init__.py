"""A note turned into the inputs of a calculator: quantities, dates and findings with their quoted words, no model."""
