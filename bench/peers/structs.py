"""The contract's Media Node for msgspec, which checks while it converts."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

ID = r"^[A-Za-z0-9_-]{1,64}$"
Milliseconds = Annotated[int, Meta(ge=0, le=253402300799999)]
Status = Literal[
    "launching",
    "canceled",
    "failed",
    "running",
    "waiting-idle-to-terminate",
    "terminating",
    "terminated",
]


class Session(Struct, forbid_unknown_fields=True):
    sessionId: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
    createdAt: Milliseconds
    mediaMode: Literal["ROUTED", "RELAYED"]
    recordingMode: Literal["ALWAYS", "MANUAL"]
    defaultOutputMode: Literal["COMPOSED", "INDIVIDUAL", "COMPOSED_QUICK_START"]
    connections: dict[str, Any]
    recording: bool
    defaultRecordingLayout: str | UnsetType = UNSET
    defaultCustomLayout: str | UnsetType = UNSET
    customSessionId: str | UnsetType = UNSET


class MediaNode(Struct, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1, max_length=64, pattern=ID)]
    environmentId: (
        Annotated[
            str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$")
        ]
        | None
    )
    ip: Annotated[str, Meta(min_length=1, max_length=253)] | None
    uri: Annotated[str, Meta(min_length=1, max_length=255)] | None
    launchingTime: Milliseconds
    connected: bool
    connectionTime: Milliseconds | None
    load: Annotated[float, Meta(ge=0, le=100)]
    status: Status
    disconnectionTime: Milliseconds | UnsetType | None = UNSET
    sessions: Annotated[list[Session], Meta(max_length=10000)] | UnsetType = UNSET
    kurentoInfo: dict[str, Any] | UnsetType = UNSET


class MediaNodeList(Struct, forbid_unknown_fields=True):
    numberOfElements: Annotated[int, Meta(ge=0, le=10000)]
    content: Annotated[list[MediaNode], Meta(max_length=10000)]
