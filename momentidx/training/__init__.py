"""Teaching the seeds: recipes of differences, samples in seconds, and one loop that knows no model by name."""
