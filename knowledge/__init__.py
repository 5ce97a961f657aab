"""What is known: codes, units, evidence types, guidelines, protocols, terminology and the index over them."""
