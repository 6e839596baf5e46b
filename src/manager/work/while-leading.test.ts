import type { KubeApi } from '#kube/api';
import { expect, it } from 'vitest';
import { createProviders } from '../providers/providers.ts';
import { whileLeading } from './while-leading.ts';

const RESOURCE = { group: '', version: 'v1', plural: 'things', kind: 'Thing' };

it('a manager that leads no more writes nothing and asks nobody, though it may read', async () => {
  const done: string[] = [];
  const act = (name: string) => async () => {
    done.push(name);
    return await Promise.resolve({});
  };
  const api = Object.fromEntries(['get', 'create', 'patch', 'delete'].map((name) => [name, act(name)]));
  let leads = true;
  const reach = whileLeading({ api: api as unknown as KubeApi, providers: createProviders() }, { leads: () => leads });
  const key = { name: 'one' };
  const object = { apiVersion: 'v1', kind: 'Thing', metadata: key };
  const writes = [
    async () => await reach.api.create(RESOURCE, object),
    async () => await reach.api.patch(RESOURCE, key, {}),
    async () => await reach.api.delete(RESOURCE, key),
    async () => await Promise.resolve(reach.providers.clientOf({ name: 'prod', namespace: 'default' })),
  ];
  for (const write of writes) await write();
  expect(done).toEqual(['create', 'patch', 'delete']);
  leads = false;
  for (const write of writes) await expect(write()).rejects.toThrow('leads no more');
  await reach.api.get(RESOURCE, key);
  expect(done.slice(3)).toEqual(['get']);
});
