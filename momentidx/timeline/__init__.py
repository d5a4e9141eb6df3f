"""Moments become a timeline that an editing program opens."""
