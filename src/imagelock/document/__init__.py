"""YAML that is never re-written, only spliced."""
