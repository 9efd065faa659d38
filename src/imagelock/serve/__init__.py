"""What answers to others: metrics, health, and whether an object may be admitted."""
