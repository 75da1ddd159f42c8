"""`python -m subgraphs.wallet`"""

from subgraphs.kit.main import main
from subgraphs.wallet.app import opened

raise SystemExit(main("wallet", opened))
