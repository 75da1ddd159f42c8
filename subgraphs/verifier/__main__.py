"""`python -m subgraphs.verifier`"""

from subgraphs.kit.main import main
from subgraphs.verifier.app import opened

raise SystemExit(main("verifier", opened))
