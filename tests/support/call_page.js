// One participant of a call with the unmodified openvidu-browser, as a small application has it. Tests call these functions.
'use strict';

const LIMIT_MS = 28000; // before the limit of the test, so that the page can say what is missing
const EVENTS = [
  'connectionCreated', 'connectionDestroyed', 'connectionPropertyChanged', 'exception', 'publisherStartSpeaking',
  'reconnected', 'reconnecting', 'sessionDisconnected', 'signal', 'streamCreated', 'streamDestroyed',
  'streamPropertyChanged',
];

// events: what the SDK has reported, in order. media: what was decoded of each stream that is subscribed, by its id;
// the counts go on when a stream gets another peer connection.
const call = { session: null, publisher: null, events: [], connections: {}, streams: {}, media: {} };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Some events come without an object.
function record(type, event = {}) {
  const { reason, data, from, changedProperty, newValue, name, message } = event;
  const entry = { type, reason, data, changedProperty, newValue, name, message, at: Math.round(performance.now()) };
  entry.from = from && from.connectionId;
  entry.signal = type === 'signal' ? event.type : undefined;
  entry.connectionId = event.connection && event.connection.connectionId;
  entry.streamId = event.stream && event.stream.streamId;
  call.events.push(entry);
}

async function join(token, data, media = { audio: true, video: true }) {
  const OV = new OpenVidu();
  OV.enableProdMode();
  OV.setAdvancedConfiguration({ iceServers: [] }); // else it asks public STUN servers
  const session = (call.session = OV.initSession());
  for (const type of EVENTS) {
    session.on(type, (event) => record(type, event));
  }
  session.on('connectionCreated', ({ connection }) => (call.connections[connection.connectionId] = connection));
  session.on('streamCreated', ({ stream }) => {
    call.streams[stream.streamId] = stream;
    session.subscribe(stream, 'videos');
    count(stream);
  });
  session.on('streamDestroyed', ({ stream }) => delete call.streams[stream.streamId]);
  const began = performance.now();
  await session.connect(token, data);
  const joined = performance.now();
  if (media) {
    await publish(OV, media);
  }
  return {
    connectionId: session.connection.connectionId,
    streamId: call.publisher && call.publisher.stream.streamId,
    joinedMs: Math.round(joined - began),
    publishedMs: media ? Math.round(performance.now() - joined) : null,
  };
}

async function publish(OV, { audio, video }) {
  call.publisher = await OV.initPublisherAsync('videos', {
    audioSource: audio ? undefined : false,
    videoSource: video ? undefined : false,
    resolution: '160x120',
    frameRate: 10,
    mirror: false,
  });
  call.publisher.on('streamDestroyed', (event) => record('publisherStreamDestroyed', event));
  await call.session.publish(call.publisher);
}

function leave() {
  call.session.disconnect();
}

// Counts the frames and the packets of sound of a stream until it is destroyed.
async function count(stream) {
  const media = { decoded: 0, audio: 0, connections: 0, decodedOfConnection: 0, firstFrameMs: null };
  call.media[stream.streamId] = media;
  const began = performance.now();
  let peer = null;
  let before = null;
  while (call.streams[stream.streamId] === stream) {
    const current = peerConnectionOf(stream);
    if (current && current !== peer) {
      peer = current;
      before = { decoded: 0, audio: 0 };
      media.connections += 1;
    }
    if (peer) {
      const now = await received(peer);
      media.decoded += Math.max(0, now.decoded - before.decoded);
      media.audio += Math.max(0, now.audio - before.audio);
      media.decodedOfConnection = now.decoded;
      before = now;
      if (media.firstFrameMs === null && now.decoded > 0) {
        media.firstFrameMs = Math.round(performance.now() - began);
      }
    }
    await pause(media.firstFrameMs === null ? 20 : 100);
  }
}

function peerConnectionOf(stream) {
  try {
    return stream.getRTCPeerConnection();
  } catch {
    return null;
  }
}

async function received(peer) {
  const sums = { decoded: 0, audio: 0 };
  for (const report of (await peer.getStats()).values()) {
    if (report.type === 'inbound-rtp') {
      sums.decoded += report.framesDecoded || 0;
      sums.audio += report.kind === 'audio' ? report.packetsReceived : 0;
    }
  }
  return sums;
}

async function until(condition, describe) {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const value = condition();
    if (value) {
      return value;
    }
    if (performance.now() > end) {
      throw new Error(`not within ${LIMIT_MS} ms: ${JSON.stringify(describe())}`);
    }
    await pause(20);
  }
}

// Resolves when exactly so many streams are subscribed and each has so many more frames and sounds than now.
function untilMedia(streams, more) {
  const before = structuredClone(call.media);
  const flows = (id) => {
    const { decoded, audio } = call.media[id];
    const start = before[id] || { decoded: 0, audio: 0 };
    return decoded >= start.decoded + more && audio >= start.audio + more;
  };
  return until(
    () => Object.keys(call.streams).length === streams && Object.keys(call.streams).every(flows) && call.media,
    () => ({ wanted: { streams, more }, before, now: call.media, events: call.events }),
  );
}

// Resolves with the first event, after those already seen, that has these properties.
function untilEvent(wanted, after = 0) {
  const fits = (event) => Object.entries(wanted).every(([name, value]) => event[name] === value);
  return until(() => call.events.slice(after).find(fits), () => ({ wanted, events: call.events }));
}
