"""How the networks are trained: recipes, the one loop, and what they learn from."""
