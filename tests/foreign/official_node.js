// An application with openvidu-node-client. It prints what it got, step by step, and reads a line where a participant
// shall join with the token that it printed.
'use strict';

const assert = require('node:assert/strict');
const readline = require('node:readline/promises');

const { URL, SECRET, SDK } = process.env;
const { OpenVidu } = require(SDK);
const isOld = SDK.endsWith('2.15');
const lines = readline.createInterface({ input: process.stdin });
const say = (step, value) => console.log(`${step}\t${value}`);

async function rejected(promise) {
  try {
    await promise;
  } catch (error) {
    return error.message;
  }
  return 'resolved';
}

async function main() {
  const server = new OpenVidu(URL, SECRET);
  const session = await server.createSession({ customSessionId: 'official' });
  say('create', session.sessionId);
  const again = await server.createSession({ customSessionId: 'official' });
  say('create again', again.sessionId);

  const kurentoOptions = { videoMaxRecvBandwidth: 1500, allowedFilters: ['GStreamerFilter'] };
  const wanted = { role: 'PUBLISHER', data: 'from the application', kurentoOptions };
  let token;
  if (isOld) {
    token = await session.generateToken(wanted);
  } else {
    assert.equal(typeof (await session.generateToken()), 'string');
    const connection = await session.createConnection(wanted);
    assert.equal(connection.status, 'pending');
    assert.equal(connection.connectionProperties.kurentoOptions.videoMaxRecvBandwidth, 1500);
    token = connection.token;
  }
  say('token', token);
  await lines[Symbol.asyncIterator]().next();

  say('fetch', await session.fetch());
  say('fetch again', await session.fetch());
  const [connection] = isOld ? session.activeConnections : session.activeConnections.filter(({ status }) => status === 'active');
  say('connection', `${connection.role} ${connection.serverData} ${connection.clientData} ${connection.platform}`);
  const [publisher] = connection.publishers;
  say('stream', `${publisher.hasAudio} ${publisher.hasVideo} ${publisher.frameRate} ${publisher.typeOfVideo}`);
  say('fetch all', await server.fetch());
  say('sessions', [...new Set(server.activeSessions.map(({ sessionId }) => sessionId))].join());

  // The first answer adds what the client has not seen yet; nothing changes after it.
  await server.fetchWebRtc();
  const { kms } = server.activeSessions.find(({ sessionId }) => sessionId === 'official').activeConnections
    .find(({ connectionId }) => connectionId === connection.connectionId).publishers[0].webRtc;
  const candidates = isOld ? ['receivedCandidates', 'gatheredCandidates'] : ['clientIceCandidates', 'serverIceCandidates'];
  const lists = candidates.filter((name) => Array.isArray(kms[name]));
  say('webRtcStats', `${lists.length} ${kms.localSdp.slice(0, 3)} ${kms.remoteSdp.slice(0, 3)}`);
  const another = new OpenVidu(URL, SECRET);
  const changes = [await another.fetch(), await another.fetch()];
  const second = await server.createSession({ customSessionId: 'second' });
  changes.push(await another.fetch(), another.activeSessions.length);
  await second.close();
  changes.push(await another.fetch(), another.activeSessions.length);
  say('changes of sessions', changes.join());

  if (!isOld) {
    await session.fetch();
    const rtspUri = 'rtsp://127.0.0.1:9/camera';
    const camera = await session.createConnection({ type: 'IPCAM', rtspUri, data: 'the door', networkCache: 100 });
    const { type, networkCache, onlyPlayWithSubscribers } = camera.connectionProperties;
    say('camera', `${camera.status} ${type} ${networkCache} ${onlyPlayWithSubscribers} ${camera.publishers[0].typeOfVideo}`);
    say('stream of a camera', await rejected(session.forceUnpublish(camera.publishers[0])));
    await session.forceDisconnect(camera);
    const [unused] = session.connections.filter(({ status }) => status === 'pending');
    await session.forceDisconnect(unused);
    say('connections left', `${session.connections.length} ${session.activeConnections.length}`);
    say('broadcast', await rejected(server.startBroadcast('official', 'rtmp://127.0.0.1/live')));
    const changed = await session.updateConnection(connection.connectionId, { role: 'MODERATOR', record: false });
    say('update', changed.connectionProperties.role);
  }
  await session.forceUnpublish(publisher.streamId);
  await session.fetch();
  const left = session.activeConnections.find(({ connectionId }) => connectionId === connection.connectionId);
  say('streams after forceUnpublish', left.publishers.length);
  await session.forceDisconnect(connection.connectionId);
  say('forceDisconnect', session.activeConnections.some(({ connectionId }) => connectionId === connection.connectionId));
  say('fetch of a session that is over', await rejected(session.fetch()));

  const other = await server.createSession();
  await other.close();
  say('close again', await rejected(other.close()));
  for (const [name, recording] of Object.entries({
    start: () => server.startRecording('official', { outputMode: 'COMPOSED', hasAudio: true }),
    stop: () => server.stopRecording('official'),
    get: () => server.getRecording('official'),
    list: () => server.listRecordings(),
    delete: () => server.deleteRecording('official'),
  })) say(`${name} recording`, await rejected(recording()));
  say('wrong secret', await rejected(new OpenVidu(URL, 'wrong').createSession()));
  say('end', '');
}

main().then(() => process.exit(0), (error) => {
  console.log(error);
  process.exit(1);
});
