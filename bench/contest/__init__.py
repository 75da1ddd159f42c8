"""Our gateway beside those of others, over the same subgraphs, under the same load."""
