"""One file for each format a timeline can be written in."""
