"""What the service does, one verb per file: load, decide, save."""
