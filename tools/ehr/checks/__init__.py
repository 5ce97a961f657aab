"""Is a resource R4 (4.0.1)? Its structure, its primitive types, its required codes."""
