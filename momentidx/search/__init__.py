"""Words become moments."""
