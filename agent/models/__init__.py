"""Back ends of planner models. Each is one file; langchain is imported inside functions."""
