"""Films made worse on purpose."""
