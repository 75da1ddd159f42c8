"""Audit's enums. The filter of `auditEvents` takes words, so that an unknown one is refused as
data; the feed takes the enum."""

from __future__ import annotations

from enum import Enum

from subgraphs.kit.types import worded


@worded(
    "What a logged event tells (事件类型).",
    INSTITUTION_REGISTERED="An institution was put on the trust register (机构登记).",
    INSTITUTION_MOVED="An institution was admitted, activated, suspended or let go (参与状态变更).",
    INSTITUTION_LICENSED="The licences of an institution were told anew (许可证登记).",
    INSTITUTION_DID_CHANGED="An institution changed the keys of its DID (机构标识变更).",
    ROOT_DID_REGISTERED="A person's root DID was registered (根标识登记).",
    ROOT_DID_CHANGED="A person's root DID got another key, or was given up (根标识变更).",
    ROOT_DID_COMPROMISED="A person's key was reported as known to others (密钥失密).",
    ROOT_DID_RECOVERY_STARTED="A new key of a person's root DID is on its way (恢复开始).",
    ROOT_DID_RECOVERY_CANCELLED="The key in force took a recovery back (恢复取消).",
    ROOT_DID_RECOVERED="A person's root DID got its new key after the wait (恢复完成).",
    IDENTITY_PROOFED="A step of looking at a person was passed (身份核验).",
    AGREEMENT_SIGNED="A holder agreed to a text (签署协议).",
    CUSTOMER_BOUND="An institution matched its customer to a root DID (客户绑定).",
    CREDENTIAL_REQUESTED="A holder asked for a credential (申请).",
    CREDENTIAL_DRAFTED="The issuer compiled it (编制).",
    CREDENTIAL_OFFERED="The issuer signed it (签发).",
    CREDENTIAL_REJECTED="The issuer refused it (拒绝).",
    CREDENTIAL_WITHDRAWN="The holder withdrew the request (撤回).",
    CREDENTIAL_LAPSED="The offer was not countersigned in time (失效).",
    CREDENTIAL_EXPIRED="Its validity ended (过期).",
    CREDENTIAL_SUPERSEDED="A newer one took its place (被替换).",
    CREDENTIAL_ACTIVATED="The holder countersigned it (生效).",
    CREDENTIAL_ENDORSED="The issuer endorsed a change (变更签注).",
    CREDENTIAL_RECHECKED="The issuer looked again and found nothing to endorse (复查无变).",
    CREDENTIAL_CANCELLED="The holder ended it (取消).",
    CONSENT_GRANTED="A holder consented (授权).",
    CONSENT_WITHDRAWN="A holder withdrew consent (撤回授权).",
    CONSENT_EXPIRED="The time of a consent is over (授权到期).",
    CONSENT_EXHAUSTED="A consent was used as often as it is for (授权用尽).",
    WALLET_CLOSED="A holder left (用户退出).",
    CUSTODY_STORED="An encrypted copy went into custody (托管).",
    CUSTODY_GIVEN_UP="The holder's copy is to be erased (申请删除).",
    CUSTODY_DELETED="The custodian signed that a copy is gone (删除回执).",
    PRESENTATION_SUBMITTED="A holder presented credentials (出示).",
    PRESENTATION_VERIFIED="The verifier checked a presentation (核验).",
    CREDENTIAL_ACCEPTED="A verifier accepted a credential (采信).",
    QUALIFICATION_DECIDED="A verifier decided on a qualification (认定).",
    PERMISSION_GRANTED="A business permission was granted (开通权限).",
    PERMISSION_SUSPENDED="A business permission was suspended (暂停权限).",
    PERMISSION_REINSTATED="A business permission was given back (恢复权限).",
    SUPPLEMENT_REQUESTED="A verifier asked for a supplement (要求补充).",
    ACCEPTANCE_ENDED="A verifier no longer relies on a credential (终止采信).",
    DISPUTE_OPENED="A holder denied an application, a use or a content (提出争议).",
    DISPUTE_CLOSED="A dispute ended (争议了结).",
    EVIDENCE_SUBMITTED="An institution gave its part of the evidence (提交证据).",
    EVIDENCE_SEALED="An evidence package was sealed (封存证据).",
    COMPLAINT_FILED="Somebody complained (投诉).",
    COMPLAINT_MOVED="A complaint went a step further (投诉处理).",
    COMPLAINT_REMINDED="Its handlers were reminded of a complaint (投诉提醒).",
    PRIVILEGED_READ="The regulator read what it is no party to (特权查阅).",
    ALLOW_LIST_CHANGED="An institution comes from other networks than before (白名单变更).",
    INCIDENT_MOVED="An incident was reported or went a step further (故障处理).",
    DRILL_MOVED="A drill was planned or recorded (应急演练).",
    EXIT_MOVED="An exit went a step further (退出推进).",
    FRAUD_SIGNAL="A check found signs of fraud (风险信号).",
)
class AuditEventKind(Enum):
    INSTITUTION_REGISTERED = "INSTITUTION_REGISTERED"
    INSTITUTION_MOVED = "INSTITUTION_MOVED"
    INSTITUTION_LICENSED = "INSTITUTION_LICENSED"
    INSTITUTION_DID_CHANGED = "INSTITUTION_DID_CHANGED"
    ROOT_DID_REGISTERED = "ROOT_DID_REGISTERED"
    ROOT_DID_CHANGED = "ROOT_DID_CHANGED"
    ROOT_DID_COMPROMISED = "ROOT_DID_COMPROMISED"
    ROOT_DID_RECOVERY_STARTED = "ROOT_DID_RECOVERY_STARTED"
    ROOT_DID_RECOVERY_CANCELLED = "ROOT_DID_RECOVERY_CANCELLED"
    ROOT_DID_RECOVERED = "ROOT_DID_RECOVERED"
    IDENTITY_PROOFED = "IDENTITY_PROOFED"
    AGREEMENT_SIGNED = "AGREEMENT_SIGNED"
    CUSTOMER_BOUND = "CUSTOMER_BOUND"
    CREDENTIAL_REQUESTED = "CREDENTIAL_REQUESTED"
    CREDENTIAL_DRAFTED = "CREDENTIAL_DRAFTED"
    CREDENTIAL_OFFERED = "CREDENTIAL_OFFERED"
    CREDENTIAL_REJECTED = "CREDENTIAL_REJECTED"
    CREDENTIAL_WITHDRAWN = "CREDENTIAL_WITHDRAWN"
    CREDENTIAL_LAPSED = "CREDENTIAL_LAPSED"
    CREDENTIAL_EXPIRED = "CREDENTIAL_EXPIRED"
    CREDENTIAL_SUPERSEDED = "CREDENTIAL_SUPERSEDED"
    CREDENTIAL_ACTIVATED = "CREDENTIAL_ACTIVATED"
    CREDENTIAL_ENDORSED = "CREDENTIAL_ENDORSED"
    CREDENTIAL_RECHECKED = "CREDENTIAL_RECHECKED"
    CREDENTIAL_CANCELLED = "CREDENTIAL_CANCELLED"
    CONSENT_GRANTED = "CONSENT_GRANTED"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    CONSENT_EXPIRED = "CONSENT_EXPIRED"
    CONSENT_EXHAUSTED = "CONSENT_EXHAUSTED"
    WALLET_CLOSED = "WALLET_CLOSED"
    CUSTODY_STORED = "CUSTODY_STORED"
    CUSTODY_GIVEN_UP = "CUSTODY_GIVEN_UP"
    CUSTODY_DELETED = "CUSTODY_DELETED"
    PRESENTATION_SUBMITTED = "PRESENTATION_SUBMITTED"
    PRESENTATION_VERIFIED = "PRESENTATION_VERIFIED"
    CREDENTIAL_ACCEPTED = "CREDENTIAL_ACCEPTED"
    QUALIFICATION_DECIDED = "QUALIFICATION_DECIDED"
    PERMISSION_GRANTED = "PERMISSION_GRANTED"
    PERMISSION_SUSPENDED = "PERMISSION_SUSPENDED"
    PERMISSION_REINSTATED = "PERMISSION_REINSTATED"
    SUPPLEMENT_REQUESTED = "SUPPLEMENT_REQUESTED"
    ACCEPTANCE_ENDED = "ACCEPTANCE_ENDED"
    DISPUTE_OPENED = "DISPUTE_OPENED"
    DISPUTE_CLOSED = "DISPUTE_CLOSED"
    EVIDENCE_SUBMITTED = "EVIDENCE_SUBMITTED"
    EVIDENCE_SEALED = "EVIDENCE_SEALED"
    COMPLAINT_FILED = "COMPLAINT_FILED"
    COMPLAINT_MOVED = "COMPLAINT_MOVED"
    COMPLAINT_REMINDED = "COMPLAINT_REMINDED"
    PRIVILEGED_READ = "PRIVILEGED_READ"
    ALLOW_LIST_CHANGED = "ALLOW_LIST_CHANGED"
    INCIDENT_MOVED = "INCIDENT_MOVED"
    DRILL_MOVED = "DRILL_MOVED"
    EXIT_MOVED = "EXIT_MOVED"
    FRAUD_SIGNAL = "FRAUD_SIGNAL"


@worded(
    "How far an event is anchored (存证状态).",
    QUEUED="Committed by its writer, without a place in the log (排队).",
    SEQUENCED="It has its place in the log (已排序).",
    CHECKPOINTED="A signed head covers it (已签发检查点).",
    SUBMITTED="The head was sent to a chain (已提交).",
    CONFIRMED="The chain has it in a block (已确认).",
    FINAL="The chain cannot lose it any more (已终局).",
    FAILED="Anchoring failed and is tried again (失败).",
)
class AnchorState(Enum):
    QUEUED = "QUEUED"
    SEQUENCED = "SEQUENCED"
    CHECKPOINTED = "CHECKPOINTED"
    SUBMITTED = "SUBMITTED"
    CONFIRMED = "CONFIRMED"
    FINAL = "FINAL"
    FAILED = "FAILED"


@worded(
    "Whom a proof asks to trust (信任级别).",
    SELF="The log's operator alone (自证).",
    WITNESSED="Independent witnesses signed the head too (见证).",
    CONSENSUS="A chain's validators stand behind it (共识).",
)
class TrustLevel(Enum):
    SELF = "SELF"
    WITNESSED = "WITNESSED"
    CONSENSUS = "CONSENSUS"


@worded(
    "Whether a node of a chain leads (主备角色).",
    PRIMARY="It writes (主节点).",
    STANDBY="It follows, ready to take over (备节点).",
)
class ChainNodeRole(Enum):
    PRIMARY = "PRIMARY"
    STANDBY = "STANDBY"


@worded(
    "How a node of a chain is (节点健康).",
    UP="It answers and keeps up (正常).",
    LAGGING="It answers and is behind (落后).",
    DOWN="It gives no answer (失联).",
    FENCED="It believes it leads, and a newer one does (已隔离).",
)
class ChainNodeHealth(Enum):
    UP = "UP"
    LAGGING = "LAGGING"
    DOWN = "DOWN"
    FENCED = "FENCED"
