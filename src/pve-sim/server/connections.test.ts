// When a connection has had its last answer (pve-behaviour 1.5).
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createRandom } from '../random.ts';
import { createConnections } from './connections.ts';

const socket = (): Socket => new EventEmitter() as Socket;

test('a connection ends with its hundredth answer', () => {
  const connections = createConnections(createRandom(1));
  const one = socket();
  for (let request = 1; request < 100; request += 1) expect(connections.meet(one).isLast()).toBe(false);
  expect(connections.meet(one).isLast()).toBe(true);
});

test('a worker with more than 480 connections keeps none, until some are closed', () => {
  const toOneWorker = { ...createRandom(1), below: () => 0 };
  const connections = createConnections(toOneWorker);
  const sockets = Array.from({ length: 480 }, socket);
  for (const each of sockets) expect(connections.meet(each).isLast()).toBe(false);
  const late = socket();
  expect(connections.meet(late).isLast()).toBe(true);
  sockets[0]?.emit('close');
  expect(connections.meet(late).isLast()).toBe(false);
});
