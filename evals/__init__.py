"""Evaluation: scripted consultations, replay, keys, benchmarks. Imports everything below; never imported by it."""
