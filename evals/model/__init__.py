"""The planner's model, through the whole graph."""
