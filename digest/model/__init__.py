"""What flows through the house.

    Source -fetch-> FetchResult -parse-> ArticleDraft -store-> Article -cluster, place, score, pick-> Edition
    Edition -render(variant)-> Message -personalise(reader)-> bytes -Sender-> Receipt -> Delivery

All values are frozen; all moments are aware datetimes, refused where they are made otherwise.
"""

from __future__ import annotations

from digest.model.collecting import (
    ArticleDraft,
    Failure,
    FetchRequest,
    FetchResult,
    FetchState,
    FetchStatus,
    PageText,
    ParsedFeed,
    SaveCounts,
    Source,
    SourceStats,
)
from digest.model.desk import (
    Approval,
    Edit,
    EditKind,
)
from digest.model.mail import (
    AddOutcome,
    Audience,
    Bounce,
    Consent,
    Delivery,
    DeliveryState,
    Message,
    Reader,
    Receipt,
    ReceiptStatus,
    Subscriber,
    Suppression,
    SuppressionReason,
    ZoneReaders,
)
from digest.model.moments import (
    require_aware,
)
from digest.model.news import (
    NOWHERE,
    Article,
    Edition,
    Evidence,
    LeftOut,
    Newsletter,
    Reason,
    Region,
    Section,
    Slot,
    Story,
    Told,
)
from digest.model.operating import (
    Alert,
    Pause,
    Turn,
    WorkerLife,
)

__all__ = [
    "NOWHERE",
    "AddOutcome",
    "Alert",
    "Approval",
    "Article",
    "ArticleDraft",
    "Audience",
    "Bounce",
    "Consent",
    "Delivery",
    "DeliveryState",
    "Edit",
    "EditKind",
    "Edition",
    "Evidence",
    "Failure",
    "FetchRequest",
    "FetchResult",
    "FetchState",
    "FetchStatus",
    "LeftOut",
    "Message",
    "Newsletter",
    "PageText",
    "ParsedFeed",
    "Pause",
    "Reader",
    "Reason",
    "Receipt",
    "ReceiptStatus",
    "Region",
    "SaveCounts",
    "Section",
    "Slot",
    "Source",
    "SourceStats",
    "Story",
    "Subscriber",
    "Suppression",
    "SuppressionReason",
    "Told",
    "Turn",
    "WorkerLife",
    "ZoneReaders",
    "require_aware",
]
