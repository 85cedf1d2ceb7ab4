import {
  type ApiResponse, AtDeadline, Configuration, DeletionStrategy, ErrorBodyFromJSON, MediaNodesApi,
  OpenViduHealthFromJSON, OpenviduApi, RequestableMediaNodeStatus, ResponseError,
} from './client/index';

const { URL = '', LAUNCHING = '', BROKEN = '', FROZEN = '', LATER = '', SECRET = '', NODE = '' } = process.env;

const connect = (basePath: string, password: string = SECRET): Configuration =>
  new Configuration({ basePath, username: 'OPENVIDUAPP', password });

async function step<T>(name: string, call: Promise<ApiResponse<T>>, show: (value: T) => unknown = () => '') {
  try {
    const answer = await call;
    console.log([name, answer.raw.status, show(await answer.value())].join('\t'));
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    const { status } = error.response;
    const body: unknown = await error.response.json();
    const shown = name === 'health' ? OpenViduHealthFromJSON(body).status : ErrorBodyFromJSON(body).message;
    console.log([name, status, shown].join('\t'));
  }
}

async function main() {
  const api = new MediaNodesApi(connect(URL));
  const add = (uri: string) => api.addMediaNodeRaw({ wait: true, mediaNodeToAdd: { uri } });
  const patch = (status: RequestableMediaNodeStatus) =>
    api.modifyMediaNodeRaw({ mediaNodeId, mediaNodePatch: { status } });
  let mediaNodeId = 'kms_Unknown1';

  await step('list', api.listMediaNodesRaw({ sessions: true }), (list) => list.numberOfElements);
  await step('list, refused', new MediaNodesApi(connect(URL, 'wrong')).listMediaNodesRaw({}));
  await step('list, broken', new MediaNodesApi(connect(BROKEN)).listMediaNodesRaw({}));
  await step('list, frozen', new MediaNodesApi(connect(FROZEN)).listMediaNodesRaw({}));
  await step('get, unknown', api.getMediaNodeRaw({ mediaNodeId }));
  await step('add, nothing', api.addMediaNodeRaw({}));
  await step('add, malformed', add('http://127.0.0.1/'));
  await step('add, too large', add('w'.repeat(2 ** 20)));
  await step('add, unreachable', add('ws://127.0.0.1:9/kurento'));
  await step('add, launch fails', new MediaNodesApi(connect(LAUNCHING)).addMediaNodeRaw({ wait: true }));
  await step('add', add(NODE), (node) => ((mediaNodeId = node.id), node.status));
  await step('add, again', add(NODE));
  await step('get', api.getMediaNodeRaw({ mediaNodeId, sessions: true, extraInfo: true }), (node) => node.status);
  await step('get, later version', new MediaNodesApi(connect(LATER)).getMediaNodeRaw({ mediaNodeId }), (node) => node.id);
  await step('patch, forbidden', patch(RequestableMediaNodeStatus.Canceled));
  await step('remove, busy', api.removeMediaNodeRaw({ mediaNodeId }));
  await step('patch', patch(RequestableMediaNodeStatus.WaitingIdleToTerminate), (node) => node?.status);
  await step('patch, back', patch(RequestableMediaNodeStatus.Running), (node) => node?.status);
  const drainLimit = { deadline: 3600, atDeadline: AtDeadline.Abort };
  await step('drain', api.drainMediaNodeRaw({ mediaNodeId, force: true, drainLimit }), (drain) => drain.atDeadline);
  await step('drain, get', api.getMediaNodeDrainRaw({ mediaNodeId }), (drain) => drain.status);
  await step('drain, end', api.endMediaNodeDrainRaw({ mediaNodeId }));
  const later = DeletionStrategy.WhenNoSessions;
  await step('remove, later', api.removeMediaNodeRaw({ mediaNodeId, deletionStrategy: later }));
  await step('remove', api.removeMediaNodeRaw({ mediaNodeId, wait: true, deletionStrategy: DeletionStrategy.Now }));
  await step('health', new OpenviduApi(connect(URL)).openviduGetHealthRaw(), (health) => health.status);
}

void main();
