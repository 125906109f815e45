"""What patients answer: matched to a person and a question, opt-outs first to take effect, nothing lost."""
