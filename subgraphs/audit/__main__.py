"""`python -m subgraphs.audit`"""

from subgraphs.audit.app import opened
from subgraphs.kit.main import main

raise SystemExit(main("audit", opened))
