"""Who is asking: staff by session, integration clients by bearer token."""
