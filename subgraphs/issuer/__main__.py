"""`python -m subgraphs.issuer`"""

from subgraphs.issuer.app import opened
from subgraphs.kit.main import main

raise SystemExit(main("issuer", opened))
