"""The reading tools of the record (`catalog` lists them), and what they share."""
