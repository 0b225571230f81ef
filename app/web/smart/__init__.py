"""SMART Backend Services: how integration clients find out, and get a token."""
