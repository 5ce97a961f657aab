"""Reading images with a model that sees: what it says is an opinion, with regions, and never more."""
