import { expect, it } from 'vitest';
import { post, serve } from './support/http-server.ts';

it('a subscription is acknowledged as one to nothing, and ends', async () => {
  const server = await serve(['--anonymous', '--sandbox', '--allow', '*:read']);
  const { text } = await post(server.url, undefined, {
    method: 'subscriptions/listen',
    params: { notifications: { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true } },
  });
  await server.stop();
  const messages = [...text.matchAll(/^data: (.*)$/gm)].map(([, json = '']) => JSON.parse(json));
  expect(messages).toMatchObject([
    { method: 'notifications/subscriptions/acknowledged', params: { notifications: {} } },
    { id: 1, result: { resultType: 'complete' } },
  ]);
});
