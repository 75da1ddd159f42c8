"""The enums of this subgraph's schema, worded for readers.

The modules of the schema take them from here, so that each is worded before a field names it.
"""

from typing import Final

from subgraphs.kit.types import worded
from subgraphs.rules import Evidence, Metric, Outcome, ReasonCode, RuleSetStatus
from subgraphs.rules.overlap import SignalKind
from subgraphs.rules.overlap import Verdict as DoubleCountVerdict
from subgraphs.vc.examination import CheckKind
from subgraphs.verifier.states import (
    AcceptanceState,
    CheckOutcome,
    PaperMetric,
    PermissionState,
    PresentationState,
    QualificationBasis,
    RequestState,
    ServiceFunction,
    ServiceMode,
    SupplementState,
    TransferMode,
    TransferModeChoice,
    VerificationResult,
)

__all__ = [
    "AcceptanceState",
    "CheckKind",
    "CheckOutcome",
    "DoubleCountVerdict",
    "Evidence",
    "Metric",
    "Outcome",
    "PaperMetric",
    "PermissionState",
    "PresentationState",
    "QualificationBasis",
    "ReasonCode",
    "RequestState",
    "RuleSetStatus",
    "ServiceFunction",
    "ServiceMode",
    "SignalKind",
    "SupplementState",
    "TransferMode",
    "TransferModeChoice",
    "VerificationResult",
]

_WORDED: Final = (
    worded(
        "Whether a presentation request still waits (出示请求状态).",
        OPEN="Waits for its one presentation (待出示).",
        USED="A presentation answered it (已使用).",
    )(RequestState),
    worded(
        "From the request to the decision (出示状态).",
        REQUESTED="Asked for (已请求).",
        CONSENTED="The holder agreed (已授权).",
        SUBMITTED="Submitted, not yet checked (已提交).",
        VERIFYING="The checks are running (核验中).",
        ACCEPTED="All five checks passed (已采信).",
        REJECTED="At least one check failed (已拒绝).",
        NEEDS_REVIEW="A person has to decide (待人工复核).",
        DECLINED="The holder said no (已婉拒).",
        EXPIRED="Not answered in time (已过期).",
        WITHDRAWN="The consent was withdrawn (已撤回).",
    )(PresentationState),
    worded(
        "Life after acceptance (采信状态).",
        MONITORED="Relied on and watched (持续监测).",
        CHANGE_DETECTED="A change is being assessed (发现变更).",
        UNAFFECTED="The change does not matter (不受影响).",
        SUPPLEMENT_REQUESTED="Further proof is asked for (待补充证明).",
        CURED="Further proof was given (已补足).",
        LAPSED="Carries nothing any more (已失效).",
        ENDED="The watching is over (已终止).",
    )(AcceptanceState),
    worded(
        "What the customer may do (权限状态).",
        PENDING="Not granted yet (待开通).",
        GRANTED="In force (已开通).",
        SUSPENDED="Suspended until a new proof (已暂停).",
        TERMINATED="Over for good (已终止).",
    )(PermissionState),
    worded(
        "What became of a request for further proof (补充请求状态).",
        OPEN="Waits for the holder (待补充).",
        FULFILLED="Mended (已满足).",
        OVERDUE="Not mended in time (已逾期).",
        VOID="No longer of use (已作废).",
    )(SupplementState),
    worded(
        "The five questions every presentation is asked (核验项).",
        HOLDER_BINDING="Does it belong to our own customer (归属核验).",
        INTEGRITY="Is it untampered (防篡改核验).",
        TRUSTED_ISSUER="Was it issued by a trusted institution (可信发证方核验).",
        HOLDER_AUTHORISATION="Did the customer authorise it herself (本人授权核验).",
        TIMELINESS="Is it valid and current (时效核验).",
    )(CheckKind),
    worded(
        "The answer to one check (核验结果).",
        PASSED="It holds (通过).",
        FAILED="It does not hold (未通过).",
    )(CheckOutcome),
    worded(
        "The answer to all checks together (核验结论).",
        ACCEPTED="All five passed (采信).",
        REJECTED="At least one failed (拒绝).",
        NEEDS_REVIEW="All five passed, what they come to is for a person to say (待人工复核).",
    )(VerificationResult),
    worded(
        "Whether the rules are met (认定结果).",
        QUALIFIED="Met (合格).",
        NOT_QUALIFIED="Not met (不合格).",
        INSUFFICIENT_EVIDENCE="Not shown either way (证据不足).",
        REVIEW="A person has to decide (待人工复核).",
    )(Outcome),
    worded(
        "What a verifier does for its customers (业务功能).",
        VERIFICATION="Proofs are checked and decided upon (核验).",
        MONITORING="Accepted proofs are watched (侦听).",
        PAPER="Documents on paper are taken in (纸质受理).",
    )(ServiceFunction),
    worded(
        "How far a function runs (服务状态).",
        name="FunctionMode",
        NORMAL="As always (正常).",
        DEGRADED="Slower than always (降级).",
        PAUSED="Not at the moment (暂停).",
    )(ServiceMode),
    worded(
        "How a presentation came (传递方式).",
        QR="By a code scanned at the desk (二维码).",
        DEEPLINK="By a link from app to app (应用跳转).",
        FILE="As a file (文件).",
        CUSTODY_LINK="By a link to the copy in custody (托管链接).",
    )(TransferMode),
    worded(
        "How a presentation shall come (传递方式选择).",
        QR="By a code scanned at the desk (二维码).",
        DEEPLINK="By a link from app to app (应用跳转).",
        FILE="As a file (文件).",
        CUSTODY_LINK="By a link to the copy in custody (托管链接).",
    )(TransferModeChoice),
    worded(
        "What a decision rests on (依据渠道).",
        VC="Verifiable credentials (可验证凭证).",
        PAPER="Documents on paper, read by staff (纸质材料).",
        MIXED="Both (两者).",
    )(QualificationBasis),
    worded(
        "What a document on paper shows (纸质材料指标).",
        FINANCIAL_ASSETS="Financial assets (金融资产).",
        MEAN_ANNUAL_INCOME_3Y="Mean annual income of three years (近三年年均收入).",
        EXPERIENCE_MONTHS="Months of trading experience (投资经历).",
    )(PaperMetric),
    worded(
        "What one threshold came to (门槛结果).",
        THRESHOLD_MET="Met (达到).",
        THRESHOLD_SHORT="Not met (未达到).",
        BOUND_TOO_LOW="The proved lower bound does not reach it (下限不足).",
        NO_EVIDENCE="Nothing was shown (未出示).",
        DOUBLE_COUNT="The same money stands in several proofs (重复计算).",
        MAY_COUNT_TWICE="Money may stand in several proofs: a person looks (疑似重复计算).",
    )(ReasonCode),
    worded(
        "How an amount was shown (证据形式).",
        EXACT="The total was disclosed (披露总额).",
        LOWER_BOUND="At least this much was proved (仅证明下限).",
    )(Evidence),
    worded(
        "Whether the same money stands in several proofs (重复计算结论).",
        name="DoubleCountVerdict",
        CLEAR="Nothing that decides anything (无).",
        REVIEW="A person looks (待复核).",
        DOUBLE_COUNT="Shown by evidence (重复).",
    )(DoubleCountVerdict),
    worded(
        "Why money may stand in two proofs (重复计算信号类型).",
        name="DoubleCountSignalKind",
        SAME_BOOKS="One issuer's books twice: counted once (同一账册).",
        POSITION_TAG="One position stated by several issuers (同一持仓).",
        FLOW_TAG="A transfer counted at both ends (同一资金划转).",
        ASOF_SKEW="The proofs state several closes (截止日不同).",
        SEASONING="Money that came in between the closes (新近转入).",
        LIVE_COUNT="Live proofs of other closes were not shown (未出示的有效凭证).",
        REDUCED_AFTER_ACCEPT="Endorsed as reduced after its close (签注减少).",
    )(SignalKind),
    worded(
        "What a threshold measures (指标).",
        FINANCIAL_ASSETS="Financial assets (金融资产).",
        MEAN_ANNUAL_INCOME_3Y="Mean annual income of three years (近三年年均收入).",
        HOUSEHOLD_FINANCIAL_ASSETS="Financial assets of the household (家庭金融资产).",
        HOUSEHOLD_NET_FINANCIAL_ASSETS="Net financial assets of the household (家庭金融净资产).",
        EXPERIENCE_MONTHS="Months of trading experience (投资经历).",
    )(Metric),
    worded(
        "Whether a rule set may be asked for (规则状态).",
        OFFERED="May be asked for (可用).",
        PUBLISHED="Known, its evidence is not collected yet (仅公布).",
    )(RuleSetStatus),
)
