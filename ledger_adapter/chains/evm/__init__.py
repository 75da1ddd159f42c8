"""Any chain with Ethereum's RPC (Besu, Geth, FISCO BCOS Web3, anvil), by our registry contract."""
