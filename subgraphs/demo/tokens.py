"""Demo tokens, made by the gateway's own command as a person would make them."""

import subprocess
import sys

from subgraphs.demo.deployment import ROOT, DemoError, Deployment


def demo_token(deployment: Deployment, persona: str, **claims: str) -> str:
    """A token of a persona, with some claims set; DemoError when the deployment makes none."""
    environment = deployment.environment()
    command = [sys.executable, "-m", "gateway", "token", "--persona", persona]
    command += ["--config", environment["CREDGRAPH_CONFIG"]]
    for name, value in claims.items():
        command += ["--set", f"{name}={value}"]
    answer = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise DemoError(f"no demo token for {persona}: {answer.stderr.strip()}")
    return answer.stdout.strip()
