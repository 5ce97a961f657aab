"""Planners: who decides what is worked out. The steps themselves, and what they mean, are the protocols' alone."""
