"""The only files of the gateway that open a connection outward: they implement `SubgraphClient`."""
