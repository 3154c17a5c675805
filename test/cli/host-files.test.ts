/** Each host's file as people have it, in every state one meets, through the command itself. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HostId, hostById, hosts } from '../../src/cli/hosts/host-table.ts';
import { surroundings } from '../../src/cli/setup/host-flags.ts';
import { command as install } from '../../src/cli/setup/install-command.ts';
import { command as uninstall } from '../../src/cli/setup/uninstall-command.ts';
import { temporaryHome } from '../support/mcp-clients.ts';

/** With comments, other servers, and what else the host keeps there. `BREAK` marks where a mistake is put in. */
const FILES: Readonly<Record<HostId, string>> = {
  'claude-code': `{
  "numStartups": 214,
  "theme": "dark",
  "projects": {
    "/home/ada/shop": { "allowedTools": ["Bash(npm test:*)"], "mcpServers": {}, "hasTrustDialogAccepted": true }
  },
  // the documentation
  "mcpServers": {
    "docs": { "type": "stdio", "command": "docs-mcp", "args": ["--fast"], "env": { "DOCS_TOKEN": "t-1" } }
  }BREAK,
  "oauthAccount": { "emailAddress": "ada@example.com" }
}
`,
  'claude-desktop': `{
  "globalShortcut": "Ctrl+Space",
  "mcpServers": {
    "filesystem": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/ada"] /* home only */
    }BREAK,
    "notes": { "command": "notes-mcp", "args": [] }
  }
}
`,
  codex: `# Codex
model = "gpt-5.2-codex" # the good one
approval_policy = "on-request"
notify = ["bash", "-c", "say done"]

[mcp_servers.docs]
command = "docs-mcp"BREAK
args = [
  "--fast", # really
]

[mcp_servers.docs.env]
DOCS_TOKEN = "t-1"

[profiles.deep]
model_reasoning_effort = "high"
`,
  cursor: `{
    // shared with the team
    "mcpServers": {
        "docs": {
            "url": "https://docs.example.com/mcp"BREAK,
            "headers": { "Authorization": "Bearer \${env:DOCS_TOKEN}" },
        },
    },
}
`,
  vscode: `{
\t// asked once
\t"inputs": [
\t\t{ "type": "promptString", "id": "docs-token", "description": "Token", "password": true }
\t]BREAK,
\t"servers": {
\t\t"docs": {
\t\t\t"type": "http",
\t\t\t"url": "https://docs.example.com/mcp",
\t\t\t"headers": { "Authorization": "Bearer \${input:docs-token}" }
\t\t}
\t}
}
`,
  gemini: `{
  "theme": "GitHub",
  "security": { "auth": { "selectedType": "oauth-personal" } }BREAK,
  /* servers */
  "mcpServers": {
    "docs": { "httpUrl": "https://docs.example.com/mcp", "timeout": 5000, "trust": false }
  },
  "ui": { "hideBanner": true }
}
`,
};

const whole = (id: HostId) => FILES[id].replace('BREAK', '');
/** A word too many on the marked line. */
const broken = (id: HostId) => FILES[id].replace('BREAK', ' oops');
const brokenLine = (id: HostId) => FILES[id].slice(0, FILES[id].indexOf('BREAK')).split('\n').length;

let home: ReturnType<typeof temporaryHome>;
let output = '';
beforeEach(() => {
  home = temporaryHome();
  output = '';
  vi.stubEnv('HOME', home.path);
  for (const name of ['XDG_CONFIG_HOME', 'CODEX_HOME', 'CLAUDE_CONFIG_DIR', 'SOTA_HOME']) vi.stubEnv(name, undefined);
  for (const way of ['log', 'error'] as const) {
    vi.spyOn(console, way).mockImplementation((text: string) => {
      output += `${text}\n`;
    });
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  home.remove();
});

const fileOf = (id: HostId) => hostById(id)!.file('user', surroundings());
const add = (id: HostId, ...options: string[]) => install.run([id, '--scope', 'user', '--local', ...options]);
const remove = (id: HostId) => uninstall.run([id, '--scope', 'user']);
function put(id: HostId, text: string): string {
  const file = fileOf(id);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
const beside = (file: string) => readdirSync(dirname(file)).filter((name) => !name.startsWith('.npm'));

describe.each(hosts.map(({ id }) => id))('the file of %s', (id) => {
  it.each(['missing', 'empty'])('that is %s is made, and taken back to nothing but its frame', async (state) => {
    const file = state === 'empty' ? put(id, '') : fileOf(id);
    expect(await add(id)).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('--local');
    expect(await add(id)).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(await remove(id)).toBe(0);
    expect(readFileSync(file, 'utf8')).not.toContain('sota');
  });

  it.each([
    ['\n', 'with comments and other servers'],
    ['\r\n', 'with those and the line ends of Windows'],
  ])('%j %s keeps every line of them, and is the same again afterwards', async (end, _) => {
    const before = whole(id).replaceAll('\n', end);
    const file = put(id, before);
    expect(await add(id)).toBe(0);
    const after = readFileSync(file, 'utf8');
    expect(after).toContain('--local');
    expect(after.replaceAll('\r\n', '').includes('\n')).toBe(end === '\n');
    // A line may have got a comma at its end; none is gone, and they are in their order.
    const kept = after.split(end).map((line) => line.replace(/,$/, ''));
    let at = 0;
    for (const line of before.split(end)) {
      at = kept.indexOf(line.replace(/,$/, ''), at);
      expect(at, line).toBeGreaterThanOrEqual(0);
      at += 1;
    }
    expect(await remove(id)).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('that is read-only is left alone', async () => {
    const file = put(id, whole(id));
    chmodSync(file, 0o444);
    expect(await add(id)).toBe(5);
    expect(output).toContain(`${file}: it is read-only. Nothing was changed.`);
    expect(readFileSync(file, 'utf8')).toBe(whole(id));
    expect(beside(file)).toHaveLength(1);
  });

  it('that is broken is refused with the line and left alone, by both commands', async () => {
    const file = put(id, broken(id));
    expect([await add(id), await remove(id)]).toEqual([5, 5]);
    const said = `${file}: line ${brokenLine(id)}: `;
    expect(output.split(said)).toHaveLength(3);
    expect(output.match(/Nothing was changed\./g)).toHaveLength(2);
    expect(readFileSync(file, 'utf8')).toBe(broken(id));
    expect(beside(file)).toHaveLength(1);
  });

  it('is not touched by --dry-run, and the change is shown', async () => {
    const file = put(id, whole(id));
    expect(await add(id, '--dry-run')).toBe(0);
    expect(output).toMatch(/^\+ .*sota/m);
    expect(readFileSync(file, 'utf8')).toBe(whole(id));
    expect(existsSync(file) && beside(file)).toHaveLength(1);
  });
});
