"""The command line: one file per noun. The only place that prints, asks and exits."""
