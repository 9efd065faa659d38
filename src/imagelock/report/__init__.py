"""A report as text: one file, one format."""
