"""Metrics and benchmarks; each says where its definition comes from."""
