"""Benchmarks, one file each: a `run(...)` that returns the contract's document."""
