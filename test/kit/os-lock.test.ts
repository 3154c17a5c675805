import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { claimOwnership, type Owned, withOwnership } from '#kit/os-lock.ts';
import type { Watched } from '#kit/owner-socket.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const script = fileURLToPath(new URL('../support/lock-child.ts', import.meta.url));

interface Claimed {
  owner: boolean;
  ownerPid: number;
}

class Child {
  readonly process: ChildProcess;
  private readonly inbox: unknown[] = [];
  private wake: () => void = () => undefined;

  constructor(dir: string) {
    this.process = fork(script, [dir], { execArgv: ['--import', 'tsx'] });
    this.process.on('message', (message) => {
      this.inbox.push(message);
      this.wake();
    });
    onTestFinished(() => void this.process.kill('SIGKILL'));
  }

  async next(): Promise<unknown> {
    while (this.inbox.length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.inbox.shift();
  }

  async claim(): Promise<Claimed> {
    this.process.send('claim');
    return (await this.next()) as Claimed;
  }
}

async function children(dir: string, count: number): Promise<Child[]> {
  const all = Array.from({ length: count }, () => new Child(dir));
  await Promise.all(all.map((child) => child.next()));
  return all;
}

function owned(claim: Owned | Watched): Owned {
  if (!claim.owner) throw new Error('expected to own');
  onTestFinished(() => claim.release());
  return claim;
}

function watched(claim: Owned | Watched): Watched {
  if (claim.owner) throw new Error('expected to watch');
  onTestFinished(() => claim.leave());
  return claim;
}

test('a killed owner is noticed by the process that watches it, which can then take over', async () => {
  const dir = temporaryDirectory();
  const [first, second] = (await children(dir, 2)) as [Child, Child];
  expect(await first.claim()).toEqual({ owner: true, ownerPid: first.process.pid });
  expect(await second.claim()).toEqual({ owner: false, ownerPid: first.process.pid });
  first.process.kill('SIGKILL');
  expect(await second.next()).toEqual({ closed: true });
  expect(await second.claim()).toEqual({ owner: true, ownerPid: second.process.pid });
});

test('of six processes racing for the place of a dead owner exactly one gets it', async () => {
  const dir = temporaryDirectory();
  const [first, ...others] = await children(dir, 7);
  await first!.claim();
  const gone = new Promise((resolve) => first!.process.once('exit', resolve));
  first!.process.kill('SIGKILL');
  await gone;
  const claims = await Promise.all(others.map((child) => child.claim()));
  const owners = claims.filter((claim) => claim.owner);
  expect(owners).toHaveLength(1);
  expect(new Set(claims.map((claim) => claim.ownerPid))).toEqual(new Set([owners[0]!.ownerPid]));
});

test('many claims over many dead owners within one process never have two owners', async () => {
  const dir = temporaryDirectory();
  for (let round = 0; round < 15; round++) {
    const claims = await Promise.all(Array.from({ length: 8 }, () => claimOwnership(dir, { round })));
    const owners = claims.filter((claim) => claim.owner);
    expect(owners).toHaveLength(1);
    for (const claim of claims) if (!claim.owner) claim.leave();
    await (owners[0] as Owned).release();
  }
});

test('a watcher hears what the owner tells, before and after it came', async () => {
  const dir = temporaryDirectory();
  const owner = owned(await claimOwnership(dir, { state: 'starting' }));
  const early = watched(await claimOwnership(dir, {}));
  expect(early.info).toEqual({ state: 'starting' });
  const heard = early.when((info) => info.state === 'ready');
  await owner.update({ state: 'ready', port: 4321 });
  expect(await heard).toEqual({ state: 'ready', port: 4321 });
  expect(watched(await claimOwnership(dir, {})).info).toEqual({ state: 'ready', port: 4321 });
});

test('waiting for an owner that goes away ends', async () => {
  const dir = temporaryDirectory();
  const owner = owned(await claimOwnership(dir, {}));
  const heard = watched(await claimOwnership(dir, {})).when((info) => info.ready === true);
  await owner.release();
  expect(await heard).toBeUndefined();
});

test('a directory too long for a socket path works all the same', async () => {
  const dir = join(temporaryDirectory(), 'd'.repeat(120));
  const owner = owned(await claimOwnership(dir, {}));
  const other = watched(await claimOwnership(dir, {}));
  await owner.release();
  await other.closed;
  owned(await claimOwnership(dir, {}));
});

test('a torn record of a writer that died does not block the place for ever', async () => {
  const dir = temporaryDirectory();
  writeFileSync(join(dir, 'owner.7.json'), '{"socket":');
  owned(await claimOwnership(dir, {}));
  expect(readdirSync(dir).filter((name) => name.startsWith('owner.'))).toEqual(['owner.8.json']);
});

test('critical sections take turns', async () => {
  const dir = temporaryDirectory();
  let inside = 0;
  let most = 0;
  const section = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await Promise.all(Array.from({ length: 5 }, () => withOwnership(dir, section)));
  expect(most).toBe(1);
});

test('a connection that ends without a greeting is neither an owner nor a dead one', async () => {
  const dir = temporaryDirectory();
  const socket = join(dir, 'mute.sock');
  let connections = 0;
  const mute = createServer((connection) => {
    connection.destroy();
    // The third time it has died in earnest.
    if (++connections === 3) mute.close();
  });
  await new Promise<void>((resolve) => mute.listen(socket, resolve));
  writeFileSync(join(dir, 'owner.1.json'), JSON.stringify({ socket, pid: process.pid, info: {} }));
  owned(await claimOwnership(dir, {}));
  expect(connections).toBe(3);
});
