"""What the benchmark of boxes, clicks and slice propagation is made of."""
