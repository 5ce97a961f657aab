"""What the resources of a record say, as plain values: results, stays, cultures, orders, medication."""
