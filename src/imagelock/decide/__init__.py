"""What is right: values to plans, verdicts and reports."""
