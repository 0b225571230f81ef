"""Pure decisions and clinical knowledge; the standard library only."""
