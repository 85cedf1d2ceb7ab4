"""Domain values to the JSON of the contract; the only place that knows its names."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from mediafleet.domain.formats import to_milliseconds
from mediafleet.domain.media_node import SERVING_STATUSES
from mediafleet.services.autoscaling import ScalingDecision

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from mediafleet.domain.cluster import Member, Session
    from mediafleet.domain.diagnostics import Diagnostics, FailedDial, Ping
    from mediafleet.domain.events import StoredEvent
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.placement import Considered
    from mediafleet.domain.ports import DeadLetter, Replay, ServerInfo, WebhookState
    from mediafleet.services.autoscaling import AutoscalingReport
    from mediafleet.services.cluster import Health
    from mediafleet.services.media_nodes import DrainReport
    from mediafleet.services.placements import Placement

Json: TypeAlias = dict[str, Any]
HandlerResult: TypeAlias = tuple[Any, HTTPStatus] | tuple[Any, HTTPStatus, dict[str, str]]
"""Body, status and further headers of a response."""

SESSION_IDS_SHOWN = 100


def media_node(member: Member) -> Json:
    """The Media Node object; its load is the last one known, 0 until it was measured."""
    node, connection = member.node, member.connection
    body: Json = {
        "id": node.id,
        "environmentId": node.environment_id,
        "ip": node.ip,
        "uri": node.uri,
        "launchingTime": to_milliseconds(node.launching_time),
        "connected": connection.connected,
        "connectionTime": _milliseconds(connection.connection_time),
        "load": 0 if connection.last_load is None else round(connection.last_load, 2),
        "status": node.status.value,
    }
    if not connection.connected:
        body["disconnectionTime"] = _milliseconds(connection.disconnection_time)
    return body


def openvidu_media_node(member: Member) -> Json:
    """The Media Node object of OpenVidu 2.16 and later."""
    return {**media_node(member), "object": "mediaNode", "mediaServer": "kurento"}


def openvidu_session(session: Session, node_id: str) -> Json:
    """A pipeline of another client in the shape of a session of OpenVidu 2.17 and later."""
    return {
        **session_object(session, node_id),
        "customSessionId": session.name or "",
        "id": session.id,
        "object": "session",
        "broadcasting": False,
        "mediaNodeId": node_id,
    }


def kurento_info(info: ServerInfo) -> Json:
    """Inside report of a media server, memory in MiB."""
    return {
        "version": info.version,
        "capabilities": f"[{', '.join(info.capabilities)}]",
        "memory": info.memory,
        "modules": [
            {
                "name": module.name,
                "version": module.version,
                "generationTime": module.generation_time,
                "factories": list(module.factories),
            }
            for module in info.modules
        ],
    }


def diagnostics(member: Member, found: Diagnostics, at: datetime) -> Json:
    """The diagnostics object; its sessions are known as of the last reply."""
    return {
        "id": member.node.id,
        "timestamp": to_milliseconds(at),
        "connected": member.connection.connected,
        "suspect": member.connection.suspect,
        "lastReplyTime": _milliseconds(found.last_reply),
        "sessionsTime": _milliseconds(found.last_reply),
        "loadTime": _milliseconds(found.load_time),
        "pings": _pings(found.pings),
        "failedDials": _failed_dials(found.failed_dials),
        "failure": member.node.reason,
        "eventLoopLag": _span(found.lag),
        "eventLoopStalls": found.stalls,
        "decisions": [
            {
                "time": to_milliseconds(decision.at),
                "finding": decision.finding.value,
                "reason": decision.reason,
                "lastReplyTime": _milliseconds(decision.last_reply),
                "pings": _pings(decision.pings),
                "failedDials": _failed_dials(decision.failed_dials),
                "socketError": decision.socket_error,
                "eventLoopLag": _span(decision.lag),
            }
            for decision in found.decisions
        ],
    }


def drain(report: DrainReport) -> Json:
    """The drain object; spans in seconds, times in UTC milliseconds."""
    member, progress, capacity = report.member, report.progress, report.capacity
    limited, oldest = progress.drain, progress.oldest_age
    return {
        "id": member.node.id,
        "status": member.node.status.value,
        "timestamp": to_milliseconds(report.at),
        "since": to_milliseconds(progress.since),
        "deadline": None if limited is None else limited.limit.seconds,
        "deadlineTime": _milliseconds(progress.deadline),
        "atDeadline": None if limited is None else limited.limit.at_deadline.value,
        "extensions": 0 if limited is None else limited.extensions,
        "move": member.node.moves_calls,
        "sessionsLeft": len(progress.sessions),
        "sessionIds": [session.id for session in progress.sessions[:SESSION_IDS_SHOWN]],
        "oldestSessionAge": None if oldest is None else int(oldest),
        "eta": _milliseconds(progress.eta),
        "connected": member.connection.connected,
        "reason": report.reason,
        "capacity": {
            "remaining": capacity.remaining,
            "load": round(capacity.load, 2),
            "moved": round(capacity.moved, 2),
            "suffices": capacity.suffices,
        },
    }


def labels(node: MediaNode) -> Json:
    """The labels object of a Media Node."""
    return {"id": node.id, "labels": dict(sorted(node.labels))}


def placement(placed: Placement) -> Json:
    """The object of a reservation; times in UTC milliseconds, loads in percent."""
    reservation, node = placed.reservation, placed.member.node
    return {
        "id": reservation.id,
        "sessionId": reservation.session_id,
        "mediaNode": {"id": node.id, "uri": node.uri, "ip": node.ip},
        "estimatedLoad": reservation.estimated_load,
        "expiresTime": to_milliseconds(placed.expires),
    }


def placed_session(placed: Placement, considered: Considered) -> Json:
    """The object of a new reservation, with what it was chosen from."""
    candidates = [
        {"id": each.node_id, "load": round(each.load, 2), "loadKnown": not each.is_unknown}
        for each in considered.candidates
    ]
    return {
        **placement(placed),
        "load": candidates[0]["load"],
        "considered": {
            "mediaNodes": considered.members,
            "accepting": considered.accepting,
            "matching": considered.matching,
            "candidates": candidates,
        },
    }


def placements(page: Sequence[Placement], total: int) -> Json:
    """The list object of reservations."""
    content = [placement(each) for each in page]
    return {"numberOfElements": len(content), "total": total, "content": content}


def health(report: Health) -> Json:
    """The health object; times in UTC milliseconds."""
    failed = "UNSTABLE" if report.works else "DOWN"
    return {
        "status": failed if report.failed else "UP",
        **openvidu_status(report),
        "failedComponents": _failed_components(report),
        "disconnectedMediaNodes": list(report.disconnected),
        "waitingMediaNodes": [
            {
                "id": waiting.id,
                "status": waiting.status.value,
                "since": to_milliseconds(waiting.since),
                "reason": waiting.reason,
            }
            for waiting in report.waiting
        ],
    }


def openvidu_health(report: Health) -> Json:
    """The health object of OpenVidu 2.26 and later; what failed is added only if something did."""
    if not (report.able and report.works):
        status = "DOWN"
    elif report.disconnected or report.failed:
        status = "UNSTABLE"
    else:
        status = "UP"
    body: Json = {"status": status, "disconnectedMediaNodes": list(report.disconnected)}
    return body | {"failedComponents": _failed_components(report)} if report.failed else body


def _failed_components(report: Health) -> list[Json]:
    return [{"component": each.name, "reason": each.reason} for each in report.failed]


def event(stored: StoredEvent) -> Json:
    """The stored event object."""
    return {
        "sequence": stored.sequence,
        "event": stored.name,
        "mediaNodeId": stored.node_id,
        "timestamp": stored.timestamp,
        "payload": stored.payload,
        "hash": stored.hash,
    }


def dead_letter(letter: DeadLetter) -> Json:
    """The dead letter object."""
    body = event(letter.event)
    del body["hash"]
    return {**body, "reason": letter.reason, "givenUpTime": letter.timestamp}


def replay(made: Replay, *, remaining: int) -> Json:
    """The replay object."""
    return {"delivered": list(made.delivered), "remaining": remaining, "problem": made.problem}


def webhook(state: WebhookState) -> Json:
    """The webhook object; times in UTC milliseconds."""
    return {
        "enabled": state.is_on,
        "host": state.host,
        "lag": state.lag,
        "delivered": state.delivered,
        "failures": state.failures,
        "consecutiveFailures": state.consecutive_failures,
        "deadLetters": state.dead_letters,
        "lost": state.lost,
        "problem": state.problem,
        "nextTryTime": _milliseconds(state.next_try),
    }


def openvidu_status(report: Health) -> Json:
    """The status object of OpenVidu 2.29; times in UTC milliseconds."""
    return {
        "startTime": to_milliseconds(report.started),
        "restartCounter": report.restarts,
        "lastRestartTime": to_milliseconds(report.last_restart),
    }


def listing(media_nodes: Iterable[Json]) -> Json:
    """The list object around Media Node objects."""
    content = list(media_nodes)
    return {"numberOfElements": len(content), "content": content}


def encoded_listing(media_nodes: Collection[bytes]) -> bytes:
    """The list object as JSON around Media Node objects that are JSON already."""
    head = b'{"numberOfElements":%d,"content":[' % len(media_nodes)
    return b"".join((head, b",".join(media_nodes), b"]}"))


def session_object(session: Session, _: str) -> Json:
    """A pipeline of another client in the shape of a session of OpenVidu 2.15.

    Who takes part is known to the application that made the pipeline, not to its media server:
    the list of connections is empty, and the modes are those a session has by default.
    """
    body: Json = {
        "sessionId": session.id,
        "createdAt": to_milliseconds(session.created_at),
        "mediaMode": "ROUTED",
        "recordingMode": "MANUAL",
        "defaultOutputMode": "COMPOSED",
        "defaultRecordingLayout": "BEST_FIT",
        "connections": {"numberOfElements": 0, "content": []},
        "recording": False,
    }
    if session.name is not None:
        body["customSessionId"] = session.name
    return body


def _failed_dials(dials: Iterable[FailedDial]) -> list[Json]:
    return [{"time": to_milliseconds(dial.at), "reason": dial.reason} for dial in dials]


def _pings(pings: Iterable[Ping]) -> list[Json]:
    return [
        {
            "time": to_milliseconds(ping.sent),
            "roundTripTime": None if ping.round_trip is None else _span(ping.round_trip),
        }
        for ping in pings
    ]


def _span(seconds: float) -> float:
    """A length of time in milliseconds."""
    return round(seconds * 1000, 3)


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else to_milliseconds(moment)


def autoscaling(report: AutoscalingReport) -> Json:
    """The body of ``GET /fleet/autoscaling``."""
    settings, found = report.settings, report.plan
    policy, guards = settings.policy, settings.guards
    return {
        "timestamp": to_milliseconds(report.at),
        "enabled": settings.is_on,
        "idleReason": report.idle_reason,
        "blind": report.is_blind,
        "launches": policy.launches_machines,
        "hook": settings.has_hook,
        "interval": int(settings.interval),
        "policy": {
            "minNodes": policy.min_nodes,
            "maxNodes": policy.max_nodes,
            "minLoad": policy.min_load,
            "maxLoad": policy.max_load,
        },
        "guards": {
            "evaluations": guards.evaluations,
            "growthCooldown": int(guards.growth_cooldown),
            "shrinkCooldown": int(guards.shrink_cooldown),
            "maxStep": guards.max_step,
            "launchesPerHour": guards.launches_per_hour,
            "failedLaunches": guards.failed_launches,
            "backOff": int(guards.back_off),
        },
        "mediaNodes": [
            {
                "id": member.node.id,
                "status": str(member.node.status),
                "load": _known_load(member),
                "sessions": len(member.sessions),
            }
            for member in found.inputs.counted
        ],
        "now": _scaling_decision(ScalingDecision.of(found, report.at)),
        "decisions": [_scaling_decision(decision) for decision in report.decisions],
    }


def _known_load(member: Member) -> float | None:
    load = member.connection.load
    is_serving = member.node.status in SERVING_STATUSES
    return None if load is None or not is_serving else round(load, 2)


def _scaling_decision(decision: ScalingDecision) -> Json:
    return {
        "timestamp": to_milliseconds(decision.at),
        "evaluations": decision.evaluations,
        "cause": str(decision.cause),
        "reason": decision.reason,
        "numNodes": decision.num_nodes,
        "totalLoad": decision.total_load,
        "avgLoad": decision.avg_load,
        "unknownLoads": decision.unknown,
        "restored": list(decision.restored),
        "resumed": list(decision.resumed),
        "newNodes": decision.new_nodes,
        "canceled": list(decision.canceled),
        "removed": list(decision.removed),
    }
