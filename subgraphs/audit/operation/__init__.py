"""Incidents, drills, targets: how the deployment itself is run."""
