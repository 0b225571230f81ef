"""Reaching people outside: mail over SMTP, webhooks over HTTPS. No SQL, nothing of any patient."""
