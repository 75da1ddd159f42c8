"""The texts a holder agrees to, by stage and version: data (R10).

A version that was published never changes; a new one is a new record with its own day, and from
that day on it is asked for again. They are signed in the wallet; whoever opens a stage asks for
them. The texts are this pilot's model texts, no legal advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from subgraphs.kit.errors import Refusal
from subgraphs.kit.types import worded
from subgraphs.vc.encoding import Hash, sm3_hash
from subgraphs.vc.proofing import OWN_WILL

_FIRST: Final = date(2024, 5, 23)


@worded(
    "Before which step an agreement is asked for (签署环节).",
    ROOT_DID="Before the root DID is asked for (申请根 DID).",
    ISSUANCE="Before a credential is asked for (申请凭证).",
    CUSTODY="Before a copy goes into custody (托管).",
    USE="Before a consent to be shown somewhere (用证).",
)
class AgreementStage(Enum):
    ROOT_DID = "ROOT_DID"
    ISSUANCE = "ISSUANCE"
    CUSTODY = "CUSTODY"
    USE = "USE"


@worded(
    "What a text is that a holder agrees to (协议类型).",
    SERVICE_AGREEMENT="The terms of the service (业务协议).",
    RISK_DISCLOSURE="What may go wrong (风险揭示书).",
    UNDERTAKING="What she undertakes (承诺函).",
    OWN_WILL="That it is her own will (自主意愿声明).",
)
class AgreementKind(Enum):
    SERVICE_AGREEMENT = "SERVICE_AGREEMENT"
    RISK_DISCLOSURE = "RISK_DISCLOSURE"
    UNDERTAKING = "UNDERTAKING"
    OWN_WILL = "OWN_WILL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One immutable version of one text."""

    stage: AgreementStage
    kind: AgreementKind
    version: int = 1
    text: str
    effective_from: date = _FIRST

    @property
    def digest(self) -> Hash:
        """SM3 of the text in UTF-8."""
        return sm3_hash(self.text.encode())

    @property
    def key(self) -> str:
        """`STAGE.KIND@version`."""
        return f"{self.stage.value}.{self.kind.value}@{self.version}"


CATALOGUE: Final = (
    Template(
        stage=AgreementStage.ROOT_DID,
        kind=AgreementKind.SERVICE_AGREEMENT,
        text="业务协议：证通为我注册行业唯一根 DID，登记我的公钥，并以摘要形式存证；"
        "我可随时更换密钥或停用。"
        " The identity provider registers one root DID for me and my public key, told to the log as"
        " digests only; I can change the key or give the DID up at any time.",
    ),
    Template(
        stage=AgreementStage.ROOT_DID,
        kind=AgreementKind.RISK_DISCLOSURE,
        text="风险揭示书：私钥泄露或遗失可能导致他人冒用或无法使用；发现后应立即报告。"
        " Whoever has my private key can act as me; a lost key stops me. I report either at once.",
    ),
    Template(
        stage=AgreementStage.ROOT_DID,
        kind=AgreementKind.UNDERTAKING,
        text="承诺函：本人提供的身份信息真实，密钥不交他人使用。"
        " What I say of my identity is true, and I give my key to nobody.",
    ),
    Template(stage=AgreementStage.ROOT_DID, kind=AgreementKind.OWN_WILL, text=OWN_WILL),
    Template(
        stage=AgreementStage.ISSUANCE,
        kind=AgreementKind.SERVICE_AGREEMENT,
        text="业务协议：发证机构按我的申请，仅以其自有记录编制资产证明并签名；经我核对签名后生效，"
        "我可随时撤回申请或取消凭证。"
        " On my request the issuer compiles an asset proof from its own records and signs it; it is"
        " in force when I have checked and signed it, and I can withdraw or cancel at any time.",
    ),
    Template(
        stage=AgreementStage.ISSUANCE,
        kind=AgreementKind.RISK_DISCLOSURE,
        text="风险揭示书：凭证只反映记录时点的资产；发证机构将定期复核，资产变动会签注于凭证，"
        "重大减少时可注销。"
        " A proof tells my assets of one moment; its issuer looks again, endorses what has changed,"
        " and may revoke it when they fall.",
    ),
    Template(
        stage=AgreementStage.ISSUANCE,
        kind=AgreementKind.UNDERTAKING,
        text="承诺函：所申请账户及其资产为本人所有，不为取得凭证而临时借入或转入资金。"
        " The account and what lies in it are mine; I borrow or move no money for the sake of a"
        " proof.",
    ),
    Template(
        stage=AgreementStage.CUSTODY,
        kind=AgreementKind.SERVICE_AGREEMENT,
        text="业务协议：凭证副本由我加密后自愿上传上证云；撤回授权、取消凭证或退出时同步删除并出具回执。"
        " I upload a copy that I encrypted, of my own wish; it goes in step with my withdrawal,"
        " with a signed receipt.",
    ),
    Template(
        stage=AgreementStage.CUSTODY,
        kind=AgreementKind.RISK_DISCLOSURE,
        text="风险揭示书：解密密钥仅由我持有，遗失后副本无法恢复。"
        " Only my key opens the copy; without it nobody brings it back.",
    ),
    Template(
        stage=AgreementStage.USE,
        kind=AgreementKind.SERVICE_AGREEMENT,
        text="业务协议：我决定向哪家机构、为何目的、出示哪些内容；授权可随时撤回，撤回后不再采信。"
        " I decide which institution sees what, and what for; I can withdraw at any time, and what"
        " rests on it ends.",
    ),
    Template(
        stage=AgreementStage.USE,
        kind=AgreementKind.RISK_DISCLOSURE,
        text="风险揭示书：已出示的内容机构已知悉；资产变动可能导致补充证明或暂停权限。"
        " What was shown is known; if my assets change I may be asked for more, or a permission"
        " may be suspended.",
    ),
    Template(
        stage=AgreementStage.USE,
        kind=AgreementKind.UNDERTAKING,
        text="承诺函：出示的资产为本人所有，未在多家机构重复计算。"
        " The assets I show are mine, and I let none of them count twice.",
    ),
)


class AgreementsMissing(Refusal):
    """These texts have to be agreed to first."""

    code = "AGREEMENT_REQUIRED"

    def __init__(self, missing: Sequence[Template]) -> None:
        keys = ", ".join(one.key for one in missing)
        super().__init__(f"to be agreed to first: {keys}")
        self.missing = tuple(missing)


def in_force(
    stage: AgreementStage, *, on: date, among: Iterable[Template] = CATALOGUE
) -> list[Template]:
    """The newest version of each text of a stage that the day knows."""
    newest: dict[AgreementKind, Template] = {}
    for one in sorted(among, key=lambda template: template.version):
        if one.stage is stage and one.effective_from <= on:
            newest[one.kind] = one
    return list(newest.values())


def asked_before(stage: AgreementStage, *, on: date, among: Sequence[Template]) -> list[Template]:
    """What has to be agreed to before a stage; the texts of the root DID come before all."""
    stages = dict.fromkeys((AgreementStage.ROOT_DID, stage))
    return [one for before in stages for one in in_force(before, on=on, among=among)]
