"""The RFC 9162 tree, its tiles, its signed heads and the proof bundle: pure, no clock, no store."""
