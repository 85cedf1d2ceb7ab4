"""FastAPI as documented: typed parameters, a security dependency, a response model."""

import secrets
from typing import Annotated, Any, Literal

from bench.peers import SECRET, USER
from bench.peers.payload import NODES, listing
from fastapi import Depends, FastAPI, HTTPException, Path, Query
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel, ConfigDict, Field

ID = r"^[A-Za-z0-9_-]{1,64}$"
Milliseconds = Annotated[int, Field(ge=0, le=253402300799999)]
Status = Literal[
    "launching",
    "canceled",
    "failed",
    "running",
    "waiting-idle-to-terminate",
    "terminating",
    "terminated",
]


class Session(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sessionId: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
    createdAt: Milliseconds
    mediaMode: Literal["ROUTED", "RELAYED"]
    recordingMode: Literal["ALWAYS", "MANUAL"]
    defaultOutputMode: Literal["COMPOSED", "INDIVIDUAL", "COMPOSED_QUICK_START"]
    defaultRecordingLayout: str = ""
    defaultCustomLayout: str = ""
    customSessionId: str = ""
    connections: dict[str, Any]
    recording: bool


class MediaNode(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(min_length=1, max_length=64, pattern=ID)]
    environmentId: (
        Annotated[
            str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$")
        ]
        | None
    )
    ip: Annotated[str, Field(min_length=1, max_length=253)] | None
    uri: Annotated[str, Field(min_length=1, max_length=255)] | None
    launchingTime: Milliseconds
    connected: bool
    connectionTime: Milliseconds | None
    disconnectionTime: Milliseconds | None = None
    load: Annotated[float, Field(ge=0, le=100)]
    status: Status
    sessions: Annotated[list[Session], Field(max_length=10000)] = []
    kurentoInfo: dict[str, Any] = {}


class MediaNodeList(BaseModel):
    model_config = ConfigDict(extra="forbid")
    numberOfElements: Annotated[int, Field(ge=0, le=10000)]
    content: Annotated[list[MediaNode], Field(max_length=10000)]


basic = HTTPBasic()


async def known_user(given: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
    user = secrets.compare_digest(given.username.encode(), USER.encode())
    if not (secrets.compare_digest(given.password.encode(), SECRET.encode()) and user):
        raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})
    return given.username


NodeId = Annotated[str, Path(min_length=1, max_length=64, pattern=ID)]
ExtraInfo = Annotated[bool, Query(alias="extra-info")]

app = FastAPI(dependencies=[Depends(known_user)])


# Members that a node does not have must be left out, not null: the contract says so.
@app.get("/pro/media-nodes", response_model=MediaNodeList, response_model_exclude_unset=True)
async def list_media_nodes(sessions: bool = False, extra_info: ExtraInfo = False):
    return listing()


@app.get(
    "/pro/media-nodes/{media_node_id}", response_model=MediaNode, response_model_exclude_unset=True
)
async def get_media_node(
    media_node_id: NodeId, sessions: bool = False, extra_info: ExtraInfo = False
):
    node = NODES.get(media_node_id)
    if node is None:
        raise HTTPException(404)
    return node
