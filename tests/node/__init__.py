"""Programs for Node that others wrote, used by tests; the registry itself needs none."""
