"""The holder's side: keys that never leave it, countersigning, choosing what to show."""
