"""Training: recipes, the loop, its states, the Hub."""
