"""Who did or saw what, on whom, when and why; append-only, chained by a sealer."""
