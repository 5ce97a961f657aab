"""Checking a note: what it states, where it contradicts itself, and how it compares with the record."""
