"""What is due goes out, or keeps the reason why it did not; who stays silent is asked again, then called."""
