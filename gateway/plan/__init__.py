"""Plans as data: what to fetch, in which order, and the shape of the response."""
