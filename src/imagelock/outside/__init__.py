"""The only floor with side effects."""
