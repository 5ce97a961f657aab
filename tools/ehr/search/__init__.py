"""Words searched in the whole of one patient's record."""
