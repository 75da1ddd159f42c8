"""Why a text is no supergraph this gateway can serve. All are for the operator: see `errors`.

BadSupergraph                  SUPERGRAPH_INVALID
└── UnsupportedFeature         SUPERGRAPH_FEATURE_UNSUPPORTED
"""

from gateway.errors import BadSupergraph


class UnsupportedFeature(BadSupergraph):
    """A linked feature that must be understood to execute safely, and is not."""

    code = "SUPERGRAPH_FEATURE_UNSUPPORTED"

    def __init__(self, url: str, purpose: str) -> None:
        super().__init__(
            f"the supergraph needs the feature {url} (for: {purpose}), which this gateway does not"
            " know: serving it anyway could answer wrongly or show what must stay hidden",
            feature=url,
            purpose=purpose,
        )
        self.url, self.purpose = url, purpose
