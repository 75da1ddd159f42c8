"""What audit keeps that does not follow from the log: disputes with their evidence, complaints."""
