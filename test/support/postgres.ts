import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';

/**
 * A PostgreSQL server of our own: started from the programs this machine has, in a folder that is thrown away, reachable
 * through a socket in that folder and by nobody else. It does not wait for the disk unless told to: the tests end the
 * marketplace in all ways there are, but never the server.
 */
export interface PostgresServer {
  /** The address of one of its databases. */
  url(database: string): string;
  /** Creates an empty database, or a copy of another one, and returns its address. */
  createDatabase(name: string, template?: string): Promise<string>;
  dropDatabase(name: string): Promise<void>;
  readonly version: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Wait for the disk at every commit, as a real server does. */
  readonly durable?: boolean;
}

/** Why there can be no server here; undefined where there can be one. */
export function whyNoPostgres(): string | undefined {
  if (process.platform === 'win32') return 'the tests start PostgreSQL on Unix only';
  if (!findPrograms()) return 'this machine has no PostgreSQL server (initdb and postgres)';
  if (process.getuid?.() === 0 && !unprivilegedUser())
    return 'PostgreSQL does not run as root, and there is no other user';
  return undefined;
}

export async function startPostgres({ durable = false }: PostgresOptions = {}): Promise<PostgresServer> {
  const programs = findPrograms();
  if (!programs) throw new Error(whyNoPostgres());
  const user = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  // Short: the path of a socket must not exceed some 100 characters.
  const folder = mkdtempSync(join(process.env.SOTA_TEST_PG_FOLDER ?? tmpdir(), 'sota-pg-'));
  const data = join(folder, 'data');
  const sockets = join(folder, 's');
  mkdirSync(sockets, { mode: 0o700 });
  if (user) for (const path of [folder, sockets]) chownSync(path, user.uid, user.gid);
  const as = { ...(user ?? {}), cwd: folder, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', HOME: folder } };
  try {
    const init = ['-D', data, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    execFileSync(join(programs, 'initdb'), init, { ...as, stdio: ['ignore', 'ignore', 'pipe'] });
    const settings = { ...SETTINGS, ...(durable ? {} : NOT_DURABLE), unix_socket_directories: sockets };
    const child = spawn(
      join(programs, 'postgres'),
      ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...as, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const log: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => log.splice(0, log.length - 50, chunk.toString()));
    const url = (database: string) =>
      `postgres://${SUPERUSER}@localhost/${database}?host=${encodeURIComponent(sockets)}`;
    const version = await firstAnswer(url('postgres'), child, log);
    return { url, version, pid: child.pid ?? 0, ...databasesOf(url), stop: () => stop(child, folder) };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A database with the schema in place, to be copied for each test. */
export const TEMPLATE = 'sota_template';

const SUPERUSER = 'sota';
const SETTINGS = { listen_addresses: '', port: 5432, max_connections: 200, autovacuum: 'on', shared_buffers: '64MB' };
const NOT_DURABLE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

/** The folder with initdb and postgres: from the path, or the newest where Debian and its kin put them. */
function findPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return folders.find((folder) => folder && ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))));
}

/** PostgreSQL refuses to run as root, so root lets somebody else run it. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([user]) => user === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

async function firstAnswer(url: string, child: ChildProcess, log: readonly string[]): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query('show server_version');
      return rows[0].server_version;
    } catch (error) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`PostgreSQL does not start: ${error}\n${log.join('')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      await client.end().catch(() => {});
    }
  }
}

function databasesOf(url: (database: string) => string): Pick<PostgresServer, 'createDatabase' | 'dropDatabase'> {
  const run = async (statement: string) => {
    const client = new pg.Client({ connectionString: url('postgres') });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  return {
    async createDatabase(name, template) {
      await run(`create database "${name}"${template ? ` template "${template}"` : ''}`);
      return url(name);
    },
    dropDatabase: (name) => run(`drop database if exists "${name}" with (force)`),
  };
}

/** SIGINT is PostgreSQL's fast shutdown: connections are closed, nothing is lost. */
async function stop(child: ChildProcess, folder: string): Promise<void> {
  const exited = child.exitCode !== null || child.signalCode !== null;
  if (!exited) {
    await new Promise<void>((resolve) => {
      const impatient = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS);
      child.once('exit', () => {
        clearTimeout(impatient);
        resolve();
      });
      child.kill('SIGINT');
    });
  }
  rmSync(folder, { recursive: true, force: true });
}
