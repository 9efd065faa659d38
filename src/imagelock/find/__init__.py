"""Where images are named: document to sites."""
