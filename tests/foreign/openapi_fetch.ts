import createClient from 'openapi-fetch';
import type { components, paths } from './client';

const { URL: BASE = '', LAUNCHING = '', BROKEN = '', FROZEN = '', LATER = '', SECRET = '', NODE = '' } = process.env;
type Status = components['schemas']['RequestableMediaNodeStatus'];
type Failure = components['schemas']['ErrorBody'] | components['schemas']['OpenViduHealth'];

const connect = (baseUrl: string, password: string = SECRET) =>
  createClient<paths>({ baseUrl, headers: { Authorization: `Basic ${btoa(`OPENVIDUAPP:${password}`)}` } });

async function step<T>(
  name: string,
  call: Promise<{ data?: T; error?: Failure; response: Response }>,
  show: (value: T) => unknown = () => '',
) {
  const { data, error, response } = await call;
  const failed = error && ('message' in error ? error.message : error.status);
  console.log([name, response.status, failed ?? (data === undefined ? '' : show(data))].join('\t'));
}

async function main() {
  const api = connect(BASE);
  const add = (uri: string) => api.POST('/pro/media-nodes', { params: { query: { wait: true } }, body: { uri } });
  const at = (mediaNodeId: string) => ({ params: { path: { mediaNodeId } } });
  const patch = (status: Status) => api.PATCH('/pro/media-nodes/{mediaNodeId}', { ...at(id), body: { status } });
  let id = 'kms_Unknown1';

  await step('list', api.GET('/pro/media-nodes', { params: { query: { sessions: true } } }), (list) => list.numberOfElements);
  await step('list, refused', connect(BASE, 'wrong').GET('/pro/media-nodes'));
  await step('list, broken', connect(BROKEN).GET('/pro/media-nodes'));
  await step('list, frozen', connect(FROZEN).GET('/pro/media-nodes'));
  await step('get, unknown', api.GET('/pro/media-nodes/{mediaNodeId}', at(id)));
  await step('add, nothing', api.POST('/pro/media-nodes'));
  await step('add, malformed', add('http://127.0.0.1/'));
  await step('add, too large', add('w'.repeat(2 ** 20)));
  await step('add, unreachable', add('ws://127.0.0.1:9/kurento'));
  await step('add, launch fails', connect(LAUNCHING).POST('/pro/media-nodes', { params: { query: { wait: true } } }));
  await step('add', add(NODE), (node) => ((id = node.id), node.status));
  await step('add, again', add(NODE));
  const all = { path: { mediaNodeId: id }, query: { sessions: true, 'extra-info': true } };
  await step('get', api.GET('/pro/media-nodes/{mediaNodeId}', { params: all }), (node) => node.status);
  await step('get, later version', connect(LATER).GET('/pro/media-nodes/{mediaNodeId}', at(id)), (node) => node.id);
  await step('patch, forbidden', patch('canceled'));
  await step('remove, busy', api.DELETE('/pro/media-nodes/{mediaNodeId}', at(id)));
  await step('patch', patch('waiting-idle-to-terminate'), (node) => node.status);
  await step('patch, back', patch('running'), (node) => node.status);
  await step(
    'drain',
    api.PUT('/fleet/media-nodes/{mediaNodeId}/drain', {
      params: { path: { mediaNodeId: id }, query: { force: true } },
      body: { deadline: 3600, atDeadline: 'abort' },
    }),
    (drain) => drain.atDeadline,
  );
  await step('drain, get', api.GET('/fleet/media-nodes/{mediaNodeId}/drain', at(id)), (drain) => drain.status);
  await step('drain, end', api.DELETE('/fleet/media-nodes/{mediaNodeId}/drain', at(id)));
  const path = { mediaNodeId: id };
  const later = { params: { path, query: { 'deletion-strategy': 'when-no-sessions' } } } as const;
  await step('remove, later', api.DELETE('/pro/media-nodes/{mediaNodeId}', later));
  const now = { params: { path, query: { wait: true, 'deletion-strategy': 'now' } } } as const;
  await step('remove', api.DELETE('/pro/media-nodes/{mediaNodeId}', now));
  await step('health', api.GET('/openvidu/api/health'), (health) => health.status);
}

void main();
