// A call over Mediafleet's signalling: see docs/signalling.md. No library, no build step.

const PING_INTERVAL = 5000;
const RETRY = 3000;
const ICE_CHECK = 1000;

const byId = (id) => document.getElementById(id);
const say = (text) => { byId("status").textContent = text; };

/** What a person reads instead of the reason of OpenVidu. */
const REASONS = {
  nodeCrashed: "The Media Node of the call crashed. Join again to use another one.",
  mediaServerDisconnect: "The Media Node of the call was removed. Join again to use another one.",
  openviduServerStopped: "The server was stopped.",
  sessionClosedByServer: "The session was closed through the API.",
  forceDisconnectByServer: "You were disconnected through the API.",
  forceDisconnectByUser: "A moderator disconnected you.",
};
const MEDIA_ERRORS = {
  NotAllowedError: "The browser does not let this page use camera and microphone. Allow it beside the address, then join again.",
  NotFoundError: "There is no camera or no microphone. Connect both, then join again.",
  NotReadableError: "Camera or microphone does not work, or another program uses it. Close that program, then join again.",
};

async function openCamera() {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
  } catch (error) {
    throw new Error(MEDIA_ERRORS[error.name] ?? error.message);
  }
}

/** JSON-RPC over a WebSocket that connects again when it is lost. */
class Signalling {
  #url;
  #socket;
  #next = 0;
  #waiting = new Map();
  #timer;
  #session;
  #isOver = false;
  #isReconnecting = false;

  constructor(url, onNotification, onReconnected, onEnd) {
    this.#url = url;
    this.onNotification = onNotification;
    this.onReconnected = onReconnected;
    this.onEnd = onEnd;
  }

  async open() {
    const socket = this.#socket = new WebSocket(this.#url);
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error("The server does not answer."));
    });
    socket.onclose = () => this.#onClose();
    const ping = (params) => this.request("ping", params).catch(() => {});
    ping({ interval: PING_INTERVAL });
    this.#timer = setInterval(ping, PING_INTERVAL);
  }

  async request(method, params = {}) {
    if (this.#socket.readyState !== WebSocket.OPEN) throw new Error("The server does not answer.");
    const id = this.#next++;
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    const result = await answer;
    this.#session = result.sessionId ?? this.#session;
    return result;
  }

  close() {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #receive(message) {
    if (message.method) {
      this.onNotification(message.method, message.params);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result);
  }

  #onClose() {
    clearInterval(this.#timer);
    for (const { reject } of this.#waiting.values()) reject(new Error("The connection was lost."));
    this.#waiting.clear();
    if (!this.#isReconnecting) this.#reconnect();
  }

  async #reconnect() {
    this.#isReconnecting = true;
    while (!this.#isOver) {
      try {
        say("The connection to the server was lost. Connecting again …");
        await this.open();
        await this.request("connect", { sessionId: this.#session });
        this.#isReconnecting = false;
        this.onReconnected();
        return;
      } catch {
        if (this.#isOver) return;
        if (this.#socket.readyState === WebSocket.OPEN) {
          this.onEnd("The server has ended the call meanwhile. Join again.");
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  }
}

/** One stream, sent or received: a peer connection with the Media Node. */
class StreamPeer {
  constructor(call, id, owner, label, media) {
    Object.assign(this, { call, id, owner, label, media, candidates: [], off: new Set() });
    this.figure = document.createElement("figure");
    this.video = Object.assign(document.createElement("video"), {
      autoplay: true, playsInline: true, muted: Boolean(media),
    });
    this.video.setAttribute("aria-label", label);
    this.caption = document.createElement("figcaption");
    this.figure.append(this.video, this.caption);
    this.describe();
    byId("streams").append(this.figure);
    if (media) this.video.srcObject = media;
  }

  /** Say whose stream it is, and what its owner has turned off. */
  describe() {
    this.caption.textContent = [this.label, ...this.off].join(", ");
  }

  /** Negotiate; `exchange` sends the offer and returns the answer. */
  async connect(exchange) {
    this.peer?.close();
    this.answered = false;
    const peer = this.peer = new RTCPeerConnection();
    const ownId = this.owner;
    peer.onicecandidate = ({ candidate }) => candidate && this.call.signalling.request(
      "onIceCandidate",
      {
        endpointName: ownId,
        candidate: candidate.candidate,
        sdpMid: candidate.sdpMid,
        sdpMLineIndex: candidate.sdpMLineIndex,
      },
    ).catch(() => {});
    peer.ontrack = ({ streams: [stream], track }) => {
      this.received ??= new MediaStream();
      this.video.srcObject = stream ?? this.received;
      if (!stream) this.received.addTrack(track);
    };
    for (const kind of ["audio", "video"]) {
      const track = this.media?.getTracks().find((each) => each.kind === kind);
      if (track) peer.addTransceiver(track, { direction: "sendonly", streams: [this.media] });
      else if (!this.media) peer.addTransceiver(kind, { direction: "recvonly" });
    }
    await peer.setLocalDescription(await peer.createOffer());
    const { sdpAnswer } = await exchange(peer.localDescription.sdp);
    await peer.setRemoteDescription({ type: "answer", sdp: sdpAnswer });
    this.answered = true;
    for (const candidate of this.candidates.splice(0)) await peer.addIceCandidate(candidate);
  }

  get isConnected() {
    return ["connected", "completed"].includes(this.peer?.iceConnectionState);
  }

  addCandidate(candidate) {
    if (this.answered) this.peer.addIceCandidate(candidate).catch(() => {});
    else this.candidates.push(candidate);
  }

  close() {
    this.peer?.close();
    this.figure.remove();
  }
}

class Call {
  #names = new Map();
  #received = new Map();
  #own;

  async join(session, name) {
    this.media = await openCamera();
    const response = await fetch("token", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ session }),
    });
    if (!response.ok) throw new Error((await response.json()).message);
    const { token } = await response.json();
    const url = new URL("/openvidu", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.search = new URLSearchParams({ sessionId: session });
    this.signalling = new Signalling(
      url,
      (method, params) => this.#onNotification(method, params),
      () => this.#onReconnected(),
      (reason) => this.#end(reason),
    );
    await this.signalling.open();
    const joined = await this.signalling.request("joinRoom", {
      token, session, platform: navigator.userAgent.slice(0, 200), metadata: name, secret: "", recorder: false,
    });
    this.id = joined.id;
    for (const each of joined.value) {
      this.#names.set(each.id, each.metadata);
      for (const stream of each.streams ?? []) this.#receive(each.id, stream);
    }
    const peer = this.#own = new StreamPeer(this, "", this.id, name ? `${name} (you)` : "You", this.media);
    await peer.connect(async (sdpOffer) => {
      const published = await this.signalling.request("publishVideo", {
        sdpOffer, doLoopback: false, hasAudio: true, hasVideo: true, audioActive: true, videoActive: true,
        typeOfVideo: "CAMERA", frameRate: 30, videoDimensions: JSON.stringify({ width: 640, height: 480 }),
      });
      peer.id = published.id;
      return published;
    });
    this.#count();
  }

  async leave() {
    await this.signalling.request("leaveRoom").catch(() => {});
    this.#end("You left the call.");
  }

  /** Turn the own audio or video on or off, and notify the others. */
  toggle(kind, isOn) {
    for (const track of this.media.getTracks()) if (track.kind === kind) track.enabled = isOn;
    const property = kind === "audio" ? "audioActive" : "videoActive";
    this.#describe({ connectionId: this.id, property, newValue: String(isOn) });
    const reason = kind === "audio" ? "publishAudio" : "publishVideo";
    return this.signalling.request("streamPropertyChanged", {
      streamId: this.#own.id, property, newValue: isOn, reason,
    });
  }

  async #receive(owner, stream) {
    const peer = new StreamPeer(this, stream.id, owner, this.#names.get(owner) || "Guest");
    this.#received.set(owner, peer);
    for (const [property, value] of Object.entries(stream)) {
      this.#describe({ connectionId: owner, property, newValue: String(value) });
    }
    this.#count();
    await this.#connect(peer, "receiveVideoFrom", { sender: stream.id });
  }

  async #connect(peer, method, params) {
    try {
      await peer.connect((sdpOffer) => this.signalling.request(method, { ...params, sdpOffer }));
    } catch (error) {
      say(error.message);
    }
  }

  #peerOf(connectionId) {
    return connectionId === this.id ? this.#own : this.#received.get(connectionId);
  }

  #drop(owner) {
    this.#received.get(owner)?.close();
    this.#received.delete(owner);
    this.#count();
  }

  #describe({ connectionId, property, newValue }) {
    const peer = this.#peerOf(connectionId);
    const text = { audioActive: "microphone off", videoActive: "camera off" }[property];
    if (!peer || !text) return;
    if (newValue === "true") peer.off.delete(text);
    else peer.off.add(text);
    peer.describe();
  }

  #onNotification(method, params) {
    if (method === "participantJoined") this.#names.set(params.id, params.metadata);
    else if (method === "participantPublished") this.#receive(params.id, params.streams[0]);
    else if (method === "streamPropertyChanged") this.#describe(params);
    else if (method === "participantUnpublished" || method === "participantLeft") this.#drop(params.connectionId);
    else if (method === "participantEvicted" && params.connectionId === this.id) {
      this.#end(REASONS[params.reason] ?? `The call ended: ${params.reason}.`);
    }
    else if (method === "iceCandidate") {
      this.#peerOf(params.senderConnectionId)?.addCandidate(params);
    }
  }

  /** After the socket came back: renew the streams whose media did not survive. */
  async #onReconnected() {
    this.#count();
    await new Promise((resolve) => setTimeout(resolve, ICE_CHECK));
    for (const peer of [this.#own, ...this.#received.values()]) {
      if (!peer.isConnected) await this.#connect(peer, "reconnectStream", { stream: peer.id });
    }
  }

  #count() {
    const others = this.#received.size;
    say(`Joined. ${others === 0 ? "Nobody else publishes." : `Others who publish: ${others}.`}`);
  }

  /** Release everything; also if it has never joined. */
  close() {
    this.signalling?.close();
    for (const peer of [this.#own, ...this.#received.values()]) peer?.close();
    for (const track of this.media?.getTracks() ?? []) track.stop();
  }

  #end(reason) {
    this.close();
    onEnd(reason);
  }
}

let call;
const buttons = ["leave", "microphone", "camera"].map(byId);

function onEnd(text) {
  call = undefined;
  say(text);
  byId("join").disabled = false;
  // A button that is disabled loses the focus, and with it the place of those who use the keyboard.
  if (buttons.includes(document.activeElement) || document.activeElement === document.body) byId("join").focus();
  for (const each of buttons) Object.assign(each, { disabled: true, ariaPressed: each.ariaPressed && "false" });
}

byId("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (call) return;
  byId("join").disabled = true;
  say("Joining … The browser may ask whether this page may use camera and microphone.");
  const joining = call = new Call();
  try {
    await joining.join(byId("session").value, byId("name").value);
    if (call !== joining) return;
    for (const each of buttons) each.disabled = false;
    byId("leave").focus();
  } catch (error) {
    joining.close();
    if (call === joining) onEnd(`Not joined. ${error.message}`);
  }
});
byId("leave").addEventListener("click", () => call?.leave());
for (const [id, kind] of [["microphone", "audio"], ["camera", "video"]]) {
  byId(id).addEventListener("click", ({ target }) => {
    const isOff = target.ariaPressed !== "true";
    target.ariaPressed = String(isOff);
    call?.toggle(kind, !isOff).catch((error) => say(error.message));
  });
}
addEventListener("beforeunload", () => call?.leave());
