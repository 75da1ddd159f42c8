"""What ties a tree head to the world outside the log. So far: what a verifier trusts beforehand."""
