"""The institutions of the pilot's public form: real names and codes, no customer of theirs; the
cloud's operator, whose code the form does not tell, has a synthetic one."""

from dataclasses import dataclass
from datetime import date

from subgraphs.kit.standing import NEEDED, Licence

FOUNDED = date(2024, 5, 23)


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotInstitution:
    """One line of the trust register as `make up` seeds it; its licence has a synthetic number,
    and begins with the day of the form."""

    uscc: str
    name: str
    kind: str
    roles: tuple[str, ...]

    @property
    def licences(self) -> tuple[Licence, ...]:
        kind = NEEDED.get(self.kind)
        if kind is None:
            return ()
        number = f"SYN-{self.uscc[-9:]}"
        return (Licence(kind=kind, number=number, first=FOUNDED, last=None),)


GUOTAI_JUNAN = PilotInstitution(
    uscc="9131000063159284XQ",
    name="国泰君安证券股份有限公司",
    kind="SECURITIES_COMPANY",
    roles=("ISSUER", "VERIFIER", "LEAD"),
)
ZHENGTONG = PilotInstitution(
    uscc="91310000324360627T",
    name="证通股份有限公司",
    kind="TECH_COMPANY",
    roles=("IDENTITY_PROVIDER",),
)
HUAAN_FUND = PilotInstitution(
    uscc="91310000630888761K",
    name="华安基金管理有限公司",
    kind="FUND_COMPANY",
    roles=("ISSUER",),
)
GUOTAI_JUNAN_FUTURES = PilotInstitution(
    uscc="91310000100020711J",
    name="国泰君安期货有限公司",
    kind="FUTURES_COMPANY",
    roles=("ISSUER", "VERIFIER"),
)
CAITONG_FUND = PilotInstitution(
    uscc="91310000577433812A",
    name="财通基金管理有限公司",
    kind="FUND_COMPANY",
    roles=("ISSUER", "VERIFIER"),
)
SHANGZHENG_CLOUD = PilotInstitution(
    uscc="91990000MAXYN9001P",  # synthetic: the form names the cloud, not its operator's code
    name="上证云 (合成)",
    kind="TECH_COMPANY",
    roles=("CLOUD_OPERATOR",),
)
INSTITUTIONS = (
    *(GUOTAI_JUNAN, ZHENGTONG, HUAAN_FUND, GUOTAI_JUNAN_FUTURES, CAITONG_FUND),
    SHANGZHENG_CLOUD,
)
