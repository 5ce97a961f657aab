"""A synthetic ward in which the questions of EHRSQL (MIMIC-III part) have true answers."""
