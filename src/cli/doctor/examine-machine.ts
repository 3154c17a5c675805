/** What can be examined without a marketplace: Node, the key, the files, the proxy. */
import { randomBytes } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseApiKey } from '#client/api-key.ts';
import { createConfigStore } from '#client/config-store.ts';
import { proxyFor } from '#client/proxy.ts';
import { errorCode, nodeDisk } from '#kit/durable/disk.ts';
import { putOnce, replaceFile } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { claimOwnership } from '#kit/os-lock.ts';
import { version } from '#kit/version.ts';
import { type Finding, note, ok, problem } from './finding.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export function examineNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  const says = `sota-mcp ${version} on Node.js ${process.versions.node}, ${process.platform} ${process.arch}`;
  return major >= 20 ? ok('node', says) : problem('node', says, 'Install Node.js 20 or newer.');
}

const KEY_PROBLEMS = {
  empty: ['SOTA_API_KEY is set and empty.', 'Remove it, or give it a value.'],
  placeholder: [
    'SOTA_API_KEY holds text that should have been replaced by the key.',
    'Your host does not expand it in this spelling: sota-mcp print-config <host> --key-from-env shows the right one.',
  ],
  quoted: ['SOTA_API_KEY has quotation marks around the key.', 'Remove them.'],
  malformed: [
    'SOTA_API_KEY holds something that cannot be a key.',
    'Give the key alone, without spaces or line breaks.',
  ],
} as const;

/** Whether there is a key, and whether it arrived as a key. */
export function examineKey(env: Environment, storedPrefix: string | undefined): Finding {
  const parsed = parseApiKey(env.SOTA_API_KEY);
  if (parsed.kind === 'set') return ok('key', 'SOTA_API_KEY holds a key.');
  if (parsed.kind !== 'unset') {
    const [says, fix] = KEY_PROBLEMS[parsed.kind];
    const shown = parsed.kind === 'placeholder' ? ` (${parsed.shown})` : '';
    const stored = storedPrefix ? ` The stored key ${storedPrefix} is used instead.` : '';
    return storedPrefix ? note('key', `${says}${shown}${stored}`, fix) : problem('key', `${says}${shown}`, fix);
  }
  if (storedPrefix) return ok('key', `The stored key ${storedPrefix} is used.`);
  return problem(
    'key',
    'There is no API key on this machine.',
    'Run sota-mcp register, let your agent call register_agent, or rehearse with --local.',
  );
}

/** The owner's settings file. */
export async function examineConfig(stateDir: string): Promise<Finding> {
  const config = createConfigStore(stateDir);
  try {
    const names = Object.keys(config.read());
    return ok('config', names.length === 0 ? 'No settings file.' : `${config.path} sets ${names.join(', ')}.`);
  } catch (error) {
    return problem('config', message(error), 'Mend or remove the file.');
  }
}

/**
 * The primitives everything durable stands on, tried out in the state directory: private folders, a link that is made
 * once, a rename that replaces, a synced directory, a lock that ends with its holder.
 */
export async function examineStateDirectory(stateDir: string): Promise<Finding> {
  const place = join(stateDir, `.doctor-${randomBytes(6).toString('hex')}`);
  const tried: Record<string, string> = {};
  const attempt = async (name: string, work: () => Promise<string | undefined>): Promise<void> => {
    try {
      tried[name] = (await work()) ?? 'ok';
    } catch (error) {
      tried[name] = errorCode(error) ?? message(error);
    }
  };
  await attempt('private directory', async () => {
    await ensurePrivateDirectory(stateDir);
    await ensurePrivateDirectory(place);
    const { mode } = await stat(place);
    return process.platform === 'win32' || (mode & 0o077) === 0 ? undefined : 'open to others';
  });
  if (tried['private directory'] !== 'ok') return unreliable(stateDir, tried);
  await attempt('link', async () => {
    const file = join(place, 'once');
    const results = [await putOnce(file, '1'), await putOnce(file, '2')];
    return results.join() === 'created,exists' ? undefined : results.join();
  });
  await attempt('hard links', async () => {
    await nodeDisk.link(join(place, 'once'), join(place, 'second'));
    return undefined;
  });
  await attempt('rename', async () => {
    const file = join(place, 'again');
    await replaceFile(file, 'a');
    await replaceFile(file, 'b');
    return (await readFile(file, 'utf8')) === 'b' ? undefined : 'the old content stayed';
  });
  await attempt('fsync', async () => {
    await nodeDisk.syncDirectory(place);
    return undefined;
  });
  await attempt('lock', async () => {
    const dir = join(place, 'lock');
    const first = await claimOwnership(dir, {});
    const second = await claimOwnership(dir, {});
    const held = first.owner && !second.owner;
    if (!second.owner) second.leave();
    if (first.owner) await first.release();
    return held ? undefined : 'two processes could hold it at once';
  });
  await rm(place, { recursive: true, force: true });
  if (Object.entries(tried).some(([name, result]) => result !== 'ok' && name !== 'hard links')) {
    return unreliable(stateDir, tried);
  }
  if (tried['hard links'] !== 'ok') {
    return note(
      'state directory',
      `${stateDir} works, without hard links (${tried['hard links']}).`,
      'A crash while writing is noticed there, not prevented; a local disk is better.',
      tried,
    );
  }
  return ok('state directory', `${stateDir} is private, and links, renames, syncs and locks as it should.`, tried);
}

function unreliable(stateDir: string, tried: Readonly<Record<string, string>>): Finding {
  const failed = Object.entries(tried).filter(([, result]) => result !== 'ok');
  const list = failed.map(([name, result]) => `${name}: ${result}`).join('; ');
  const says = `${stateDir} cannot be relied on (${list}).`;
  return problem('state directory', says, 'Set SOTA_HOME to a folder on a local disk that is yours.', tried);
}

/** How requests leave, and whose certificates are believed. */
export async function examineProxy(origin: string, env: Environment): Promise<Finding[]> {
  const { proxy, variable, problem: wrong } = proxyFor(origin, env);
  const shown = proxy === undefined ? undefined : withoutPassword(proxy);
  const way = wrong
    ? problem('proxy', `${variable} cannot be used: ${wrong}.`, 'Give the address of an http or https proxy.')
    : shown
      ? ok('proxy', `Requests go through ${shown} (${variable}).`)
      : ok('proxy', variable ? `Requests go straight (${variable}).` : 'No proxy is set; requests go straight.');
  return [way, await examineCertificates(env)];
}

async function examineCertificates(env: Environment): Promise<Finding> {
  const file = env.NODE_EXTRA_CA_CERTS?.trim();
  if (env.NODE_TLS_REJECT_UNAUTHORIZED?.trim() === '0') {
    return problem(
      'certificates',
      'NODE_TLS_REJECT_UNAUTHORIZED=0: anybody on the way can read the key.',
      'Remove it, and name your company’s certificates with NODE_EXTRA_CA_CERTS.',
    );
  }
  if (!file) return ok('certificates', 'Those of Node.js.');
  try {
    const count = (await readFile(file, 'utf8')).split('-----BEGIN CERTIFICATE-----').length - 1;
    if (count > 0) return ok('certificates', `Those of Node.js and ${count} from ${file}.`);
    return problem('certificates', `${file} has no certificate in PEM form.`, 'Export it as PEM (BEGIN CERTIFICATE).');
  } catch (error) {
    return problem(
      'certificates',
      `NODE_EXTRA_CA_CERTS names ${file}, which cannot be read (${errorCode(error) ?? message(error)}).`,
      'Node.js ignores such a file without a word: mend the path.',
    );
  }
}

function withoutPassword(address: string): string {
  const url = new URL(address);
  url.password = '';
  return url.href;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
