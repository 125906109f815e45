"""Where carriers and mail programs call us: lean routes that verify, store raw, answer, and ring. Nothing else."""
