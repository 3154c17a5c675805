import { posix, win32 } from 'node:path';

/** What decides where a host keeps its files. Injected, so that every system's answer can be tested on this one. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** The working directory: the root of a project. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type Scope = 'user' | 'project';

/** How a host refers to a variable of its environment, so that a key need not stand in its file. */
export type KeyReference =
  /** A value of `env` that the host expands. */
  | { readonly kind: 'expanded'; readonly value: string }
  /** The editor asks once and keeps the answer. */
  | { readonly kind: 'input'; readonly id: string }
  /** A list of names to pass on. */
  | { readonly kind: 'inherited' }
  /** Values are taken as they stand. */
  | { readonly kind: 'literal' };

/** Everything this program knows about one MCP host. */
export interface Host {
  readonly id: string;
  readonly title: string;
  readonly format: 'json' | 'toml';
  /** The table of servers inside the file. */
  readonly root: string;
  /** The first is used unless another is asked for. */
  readonly scopes: readonly Scope[];
  readonly key: KeyReference;
  /** Whether an entry states its transport. */
  readonly typed: boolean;
  file(scope: Scope, where: Surroundings): string;
  /** What a person does next. */
  readonly afterwards: string;
}

/** The variable a host hands the key in. */
export const KEY_VARIABLE = 'SOTA_API_KEY';

const join = ({ platform }: Surroundings, ...parts: string[]): string =>
  (platform === 'win32' ? win32 : posix).join(...parts);

/** The folder in which desktop programs keep the settings of a user. */
function applicationData(where: Surroundings, ...rest: string[]): string {
  const { platform, home, env } = where;
  if (platform === 'win32') return join(where, env.APPDATA || join(where, home, 'AppData', 'Roaming'), ...rest);
  if (platform === 'darwin') return join(where, home, 'Library', 'Application Support', ...rest);
  return join(where, env.XDG_CONFIG_HOME || join(where, home, '.config'), ...rest);
}

/** The hosts `install` knows. Sources: the documentation of each, 2026-11. */
export const hosts = [
  {
    id: 'claude-code',
    title: 'Claude Code',
    format: 'json',
    root: 'mcpServers',
    scopes: ['user', 'project'],
    // The default after `:-` keeps the host from refusing the whole file where the variable is not set.
    key: { kind: 'expanded', value: `\${${KEY_VARIABLE}:-}` },
    typed: true,
    file: (scope, where) =>
      scope === 'project'
        ? join(where, where.cwd, '.mcp.json')
        : join(where, where.env.CLAUDE_CONFIG_DIR || where.home, '.claude.json'),
    afterwards: 'Start a new session; `claude mcp list` shows the server.',
  },
  {
    id: 'claude-desktop',
    title: 'Claude Desktop',
    format: 'json',
    root: 'mcpServers',
    scopes: ['user'],
    key: { kind: 'literal' },
    typed: false,
    file: (_scope, where) => applicationData(where, 'Claude', 'claude_desktop_config.json'),
    afterwards: 'Quit Claude Desktop completely and open it again.',
  },
  {
    id: 'codex',
    title: 'Codex',
    format: 'toml',
    root: 'mcp_servers',
    scopes: ['user', 'project'],
    key: { kind: 'inherited' },
    typed: false,
    file: (scope, where) =>
      scope === 'project'
        ? join(where, where.cwd, '.codex', 'config.toml')
        : join(where, where.env.CODEX_HOME || join(where, where.home, '.codex'), 'config.toml'),
    afterwards: 'Start a new session; `codex mcp list` shows the server.',
  },
  {
    id: 'cursor',
    title: 'Cursor',
    format: 'json',
    root: 'mcpServers',
    scopes: ['user', 'project'],
    key: { kind: 'expanded', value: `\${env:${KEY_VARIABLE}}` },
    typed: false,
    file: (scope, where) => join(where, scope === 'project' ? where.cwd : where.home, '.cursor', 'mcp.json'),
    afterwards: 'Cursor Settings → MCP shows the server; switch it on there if it is off.',
  },
  {
    id: 'vscode',
    title: 'VS Code',
    format: 'json',
    root: 'servers',
    scopes: ['project', 'user'],
    key: { kind: 'input', id: 'sota-api-key' },
    typed: true,
    file: (scope, where) =>
      scope === 'project'
        ? join(where, where.cwd, '.vscode', 'mcp.json')
        : applicationData(where, 'Code', 'User', 'mcp.json'),
    afterwards: 'Run "MCP: List Servers" from the command palette and start the server.',
  },
  {
    id: 'gemini',
    title: 'Gemini CLI',
    format: 'json',
    root: 'mcpServers',
    scopes: ['user', 'project'],
    key: { kind: 'expanded', value: `\${${KEY_VARIABLE}}` },
    typed: false,
    file: (scope, where) => join(where, scope === 'project' ? where.cwd : where.home, '.gemini', 'settings.json'),
    afterwards: 'Start a new session; `gemini mcp list` shows the server. The folder must be trusted.',
  },
] as const satisfies readonly Host[];

export type HostId = (typeof hosts)[number]['id'];

/** The host of that id, or undefined. */
export function hostById(id: string): Host | undefined {
  return hosts.find((host) => host.id === id);
}
