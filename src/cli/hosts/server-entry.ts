import { type Host, KEY_VARIABLE, type Surroundings } from './host-table.ts';

/** How the server is started: by npx, or a built file run by node. */
export type Launch =
  | { readonly kind: 'npx' }
  | { readonly kind: 'node'; readonly node: string; readonly script: string };

/** What a person wants in a host's file. */
export interface Wanted {
  readonly launch: Launch;
  /** Options of the server. */
  readonly options: readonly string[];
  /** Whether the key is to come from SOTA_API_KEY; otherwise the server reads its own credentials. */
  readonly keyFromEnvironment: boolean;
}

/** A server as a host's file has it. */
export interface ServerEntry {
  readonly type?: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Codex only: variables to pass on. */
  readonly env_vars?: readonly string[];
}

/** What the editor asks for. VS Code only. */
export interface InputEntry {
  readonly type: 'promptString';
  readonly id: string;
  readonly description: string;
  readonly password: true;
}

/** Codex starts servers with a short list of variables; these matter to ours where they are set. */
const PASSED_ON = [
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
];

/**
 * The entry for a host, in that host's dialect.
 * @example entryFor(host, { launch: { kind: 'npx' }, options: ['--local'], keyFromEnvironment: false }, where).command
 */
export function entryFor(host: Host, wanted: Wanted, where: Surroundings): ServerEntry {
  const { launch, options, keyFromEnvironment } = wanted;
  const start =
    launch.kind === 'node'
      ? { command: launch.node, args: [launch.script, ...options] }
      : where.platform === 'win32'
        ? // Hosts start programs without a shell, and npx is a batch file there.
          { command: 'cmd', args: ['/c', 'npx', '-y', 'sota-mcp', ...options] }
        : { command: 'npx', args: ['-y', 'sota-mcp', ...options] };
  const home = where.env.SOTA_HOME?.trim();
  const env: Record<string, string> = {
    ...(keyFromEnvironment ? keyVariable(host) : {}),
    ...(home ? { SOTA_HOME: home } : {}),
  };
  const passed =
    host.key.kind === 'inherited'
      ? [...(keyFromEnvironment ? [KEY_VARIABLE] : []), ...PASSED_ON.filter((name) => where.env[name])]
      : [];
  return {
    ...(host.typed ? { type: 'stdio' as const } : {}),
    ...start,
    ...(Object.keys(env).length > 0 ? { env } : {}),
    ...(passed.length > 0 ? { env_vars: passed } : {}),
  };
}

/** What the entry needs beside itself, where the host asks for secrets. */
export function inputFor({ key }: Host, { keyFromEnvironment }: Wanted): InputEntry | undefined {
  if (key.kind !== 'input' || !keyFromEnvironment) return undefined;
  return { type: 'promptString', id: key.id, description: 'SOTA API key', password: true };
}

function keyVariable({ key }: Host): Record<string, string> {
  switch (key.kind) {
    case 'expanded':
      return { [KEY_VARIABLE]: key.value };
    case 'input':
      return { [KEY_VARIABLE]: `\${input:${key.id}}` };
    default:
      return {};
  }
}
