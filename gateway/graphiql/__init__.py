"""The page that browsers get at /graphql: its source, and the step that builds it."""
