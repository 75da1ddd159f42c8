"""The texts a holder agrees to, by stage and version: data (R10).

A version that was published never changes; a new one is a new record with its own day, and from
that day on it is asked for again. The texts are this pilot's model texts, no legal advice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from subgraphs.vc.encoding import Hash, sm3_hash
from subgraphs.vc.proofing import OWN_WILL
from subgraphs.wallet.states import AgreementKind as Kind
from subgraphs.wallet.states import AgreementStage as Stage

_FIRST: Final = date(2024, 5, 23)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One immutable version of one text."""

    stage: Stage
    kind: Kind
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
        stage=Stage.ROOT_DID,
        kind=Kind.SERVICE_AGREEMENT,
        text="业务协议：证通为我注册行业唯一根 DID，登记我的公钥，并以摘要形式存证；"
        "我可随时更换密钥或停用。"
        " The identity provider registers one root DID for me and my public key, told to the log as"
        " digests only; I can change the key or give the DID up at any time.",
    ),
    Template(
        stage=Stage.ROOT_DID,
        kind=Kind.RISK_DISCLOSURE,
        text="风险揭示书：私钥泄露或遗失可能导致他人冒用或无法使用；发现后应立即报告。"
        " Whoever has my private key can act as me; a lost key stops me. I report either at once.",
    ),
    Template(
        stage=Stage.ROOT_DID,
        kind=Kind.UNDERTAKING,
        text="承诺函：本人提供的身份信息真实，密钥不交他人使用。"
        " What I say of my identity is true, and I give my key to nobody.",
    ),
    Template(stage=Stage.ROOT_DID, kind=Kind.OWN_WILL, text=OWN_WILL),
    Template(
        stage=Stage.CUSTODY,
        kind=Kind.SERVICE_AGREEMENT,
        text="业务协议：凭证副本由我加密后自愿上传上证云；撤回授权、取消凭证或退出时同步删除并出具回执。"
        " I upload a copy that I encrypted, of my own wish; it goes in step with my withdrawal,"
        " with a signed receipt.",
    ),
    Template(
        stage=Stage.CUSTODY,
        kind=Kind.RISK_DISCLOSURE,
        text="风险揭示书：解密密钥仅由我持有，遗失后副本无法恢复。"
        " Only my key opens the copy; without it nobody brings it back.",
    ),
    Template(
        stage=Stage.USE,
        kind=Kind.SERVICE_AGREEMENT,
        text="业务协议：我决定向哪家机构、为何目的、出示哪些内容；授权可随时撤回，撤回后不再采信。"
        " I decide which institution sees what, and what for; I can withdraw at any time, and what"
        " rests on it ends.",
    ),
    Template(
        stage=Stage.USE,
        kind=Kind.RISK_DISCLOSURE,
        text="风险揭示书：已出示的内容机构已知悉；资产变动可能导致补充证明或暂停权限。"
        " What was shown is known; if my assets change I may be asked for more, or a permission"
        " may be suspended.",
    ),
    Template(
        stage=Stage.USE,
        kind=Kind.UNDERTAKING,
        text="承诺函：出示的资产为本人所有，未在多家机构重复计算。"
        " The assets I show are mine, and I let none of them count twice.",
    ),
)


def in_force(stage: Stage, *, on: date, among: Iterable[Template] = CATALOGUE) -> list[Template]:
    """The newest version of each text of a stage that the day knows."""
    newest: dict[Kind, Template] = {}
    for one in sorted(among, key=lambda template: template.version):
        if one.stage is stage and one.effective_from <= on:
            newest[one.kind] = one
    return list(newest.values())


def asked_before(stage: Stage) -> tuple[Stage, ...]:
    """The stages whose texts have to be agreed to: that of the root DID comes before all."""
    return tuple(dict.fromkeys((Stage.ROOT_DID, stage)))
