"""An application with pyopenvidu.

It prints what it got, step by step, and reads a line where a participant shall join with the token
that it printed.
"""

import os
from importlib.metadata import version

from pyopenvidu import (
    OpenVidu,
    OpenViduSessionDoesNotExistsError,
    OpenViduSessionExistsError,
    OpenViduStreamError,
)

OLD = version("pyopenvidu").startswith("0.1")
URL = os.environ["URL"] + ("/" if OLD else "/openvidu/api/")


def say(step: str, value: object) -> None:
    print(step, value, sep="\t", flush=True)


def raised(error: type[Exception], call: object, *arguments: object) -> str:
    try:
        call(*arguments)
    except error as caught:
        return type(caught).__name__
    return "nothing"


server = OpenVidu(URL, os.environ["SECRET"])
say("sessions at first", server.session_count)
session = server.create_session(custom_session_id="official")
say("create", session.id)
say(
    "create again",
    raised(OpenViduSessionExistsError, server.create_session, "official"),
)
if OLD:
    token = session.generate_token(data="from the application", video_max_recv_bandwidth=1500)
else:
    made = session.create_webrtc_connection(
        data="from the application", video_max_recv_bandwidth=1500
    )
    token = made.token
say("token", token)
input()
say("fetch", session.fetch())
say("fetch again", session.fetch())
(connection,) = session.connections
say(
    "connection",
    f"{connection.role} {connection.server_data} {connection.client_data} {connection.platform}",
)
(publisher,) = connection.publishers
media = publisher.media_options
shown = (media[each] for each in ("hasAudio", "hasVideo", "frameRate", "typeOfVideo"))
say("stream", " ".join(map(str, shown)))
found = server.get_session("official")
say("counts", f"{server.session_count} {found.connection_count} {found.is_being_recorded}")
if OLD:
    camera = session.publish("rtsp://127.0.0.1:9/camera", data="the door")
else:
    say("fetch of a connection", made.fetch())
    camera = session.create_ipcam_connection("rtsp://127.0.0.1:9/camera", network_cache=100)
say("stream of a camera", raised(OpenViduStreamError, camera.force_unpublish_all_streams))
camera.force_disconnect()
session.fetch()
say(
    "a wrong address",
    raised(ValueError, session.publish if OLD else session.create_ipcam_connection, "x"),
)
session.signal("greeting", "to all")
session.signal("greeting", "to some", [connection])
connection.signal("greeting", "to one")
say("signals", "sent")
connection.force_unpublish_all_streams()
session.fetch()
say("streams after forceUnpublish", len(session.get_connection(connection.id).publishers))
connection.force_disconnect()
say("fetch of a session that is over", raised(OpenViduSessionDoesNotExistsError, session.fetch))
other = server.create_session()
other.close()
say("close again", raised(OpenViduSessionDoesNotExistsError, other.close))
config = server.get_config()
say("config", config["VERSION"])
say("end", "")
