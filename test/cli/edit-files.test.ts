import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigFileError, type Plain } from '../../src/cli/hosts/config-text.ts';
import { addServer, hasServer, removeServer } from '../../src/cli/hosts/edit-host-file.ts';
import { readJson, removeFromJson, setInJson } from '../../src/cli/hosts/edit-json.ts';
import { readToml } from '../../src/cli/hosts/edit-toml.ts';
import { type Host, hostById } from '../../src/cli/hosts/host-table.ts';
import { renderDiff } from '../../src/cli/hosts/text-diff.ts';

const cursor = hostById('cursor') as Host;
const codex = hostById('codex') as Host;
const vscode = hostById('vscode') as Host;
const entry = { command: 'npx', args: ['-y', 'sota-mcp', '--local'] };
const keyed = { ...entry, args: ['-y', 'sota-mcp'], env: { SOTA_API_KEY: '${env:SOTA_API_KEY}' } };
const input = { type: 'promptString', id: 'sota-api-key', description: 'SOTA API key', password: true } as const;

describe('a JSON file', () => {
  it.each([
    ['missing or empty', ''],
    ['white space', ' \n\n'],
    ['an empty object', '{}'],
    ['an empty object over lines', '{\n}\n'],
    ['an empty table of servers', '{\n  "mcpServers": {}\n}\n'],
  ])('%s gets the entry', (_, text) => {
    const result = addServer(cursor, text, 'sota', entry);
    expect(JSON.parse(result)).toEqual({ mcpServers: { sota: entry } });
    expect(addServer(cursor, result, 'sota', entry)).toBe(result);
  });

  it('keeps comments, other servers and the way it is indented', () => {
    const text = `// my servers
{
\t"theme": "dark", // not white
\t"mcpServers": {
\t\t/* the docs */
\t\t"docs": { "command": "docs-mcp", "args": ["--fast",] }, // fast
\t},
}
`;
    expect(addServer(cursor, text, 'sota', keyed)).toBe(`// my servers
{
\t"theme": "dark", // not white
\t"mcpServers": {
\t\t/* the docs */
\t\t"docs": { "command": "docs-mcp", "args": ["--fast",] }, // fast
\t\t"sota": {
\t\t\t"command": "npx",
\t\t\t"args": ["-y", "sota-mcp"],
\t\t\t"env": {
\t\t\t\t"SOTA_API_KEY": "\${env:SOTA_API_KEY}"
\t\t\t}
\t\t},
\t},
}
`);
  });

  it('keeps line ends of Windows and the byte order mark', () => {
    const text = '\uFEFF{\r\n    "mcpServers": {\r\n        "a": {"command": "a"}\r\n    }\r\n}\r\n';
    const result = addServer(cursor, text, 'sota', entry);
    expect(result.startsWith('\uFEFF{\r\n')).toBe(true);
    expect(result.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(result).toContain('\r\n        "sota": {\r\n            "command": "npx"');
    expect(removeServer(cursor, result, 'sota')).toBe(text);
  });

  it('changes the start of an entry and leaves what its owner added', () => {
    const text = `{"mcpServers": {"sota": {"command": "old", "args": [], "env": {"SOTA_API_KEY": "sk_live_mine", "A": "1"}, "timeout": 9}}}`;
    const result = addServer(cursor, text, 'sota', keyed);
    expect(JSON.parse(result).mcpServers.sota).toEqual({
      ...keyed,
      env: { SOTA_API_KEY: 'sk_live_mine', A: '1' },
      timeout: 9,
    });
  });

  it('asks for the key once, and takes the question back with the server', () => {
    const text = `{
  "inputs": [
    { "type": "promptString", "id": "other", "description": "Other" }
  ],
  "servers": {}
}
`;
    const withKey = { ...keyed, env: { SOTA_API_KEY: '${input:sota-api-key}' } };
    const result = addServer(vscode, text, 'sota', withKey, input);
    expect(JSON.parse(result).inputs).toEqual([{ type: 'promptString', id: 'other', description: 'Other' }, input]);
    expect(addServer(vscode, result, 'sota', withKey, input)).toBe(result);
    const second = addServer(vscode, result, 'sota-two', withKey, input);
    expect(JSON.parse(removeServer(vscode, second, 'sota')).inputs).toHaveLength(2);
    expect(JSON.parse(removeServer(vscode, result, 'sota'))).toEqual(JSON.parse(text));
  });

  it.each([
    ['{\n  "mcpServers": {\n    "a": {"command": "a"}\n', 2, 'never closed'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 'comma'],
    ['{\n  a: 1\n}', 2, 'double quotes'],
    ['{\n\n  "a": "x\n}', 3, 'has no end'],
    ['{\n  "a": tru\n}', 2, 'no JSON value'],
    ['{ "a": 1 }\n}', 2, 'follows'],
    ['{ /* never\n', 1, 'no end'],
  ])('that is broken is refused with the line: %j', (text, line, words) => {
    const attempt = () => addServer(cursor, text, 'sota', entry);
    expect(attempt).toThrow(ConfigFileError);
    expect(attempt).toThrow(new RegExp(`line ${line}: .*${words}`));
  });

  it.each([
    '[]',
    '"text"',
    '{"mcpServers": []}',
    '{"mcpServers": {"sota": 1}}',
  ])('of another shape is refused: %s', (text) =>
    expect(() => addServer(cursor, text, 'sota', entry)).toThrow(ConfigFileError));

  it('never changes anything but the property, whatever the file is', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'mcpServers', 'sota', 'quo"te');
    const value = fc.jsonValue({ maxDepth: 3 });
    const layout = fc.constantFrom(undefined, 1, 2, '\t');
    fc.assert(
      fc.property(fc.dictionary(key, value), key, key, value, layout, (object, first, second, wanted, indent) => {
        const text = JSON.stringify(object, null, indent);
        const inner = object[first];
        if (inner !== undefined && (typeof inner !== 'object' || inner === null || Array.isArray(inner))) return;
        const result = setInJson(text, [first, second], wanted as Plain);
        const expected = { ...object, [first]: { ...(inner as object), [second]: wanted } };
        expect(readJson(result)).toEqual(JSON.parse(JSON.stringify(expected)));
        const removed = removeFromJson(result, [first, second]);
        const { [second]: _gone, ...rest } = expected[first] as Record<string, unknown>;
        expect(readJson(removed)).toEqual(JSON.parse(JSON.stringify({ ...object, [first]: rest })));
      }),
    );
  });
});

describe('a TOML file', () => {
  const existing = `# my settings
model = "o5" # the good one
notify = ["bash", "-c", '''
echo "[mcp_servers.sota]"
''']

[mcp_servers.docs]
command = "docs"
args = [
  "--fast", # really
]

[mcp_servers.docs.env]
TOKEN = "t"

# at the end
[profiles.deep]
effort = "high"
`;
  const full = { ...entry, env: { SOTA_HOME: '/srv/sota' }, env_vars: ['SOTA_API_KEY'] };

  it('gets the entry at its end; the rest stays byte for byte', () => {
    const result = addServer(codex, existing, 'sota', full);
    expect(result.startsWith(existing)).toBe(true);
    expect(readToml(result, ['mcp_servers', 'sota'])).toEqual(full);
    expect(addServer(codex, result, 'sota', full)).toBe(result);
    expect(removeServer(codex, result, 'sota')).toBe(existing);
  });

  it.each([
    ['', '[mcp_servers.sota]\ncommand = "npx"\nargs = ["-y", "sota-mcp", "--local"]\n'],
    ['# only this\n', '# only this\n\n[mcp_servers.sota]\ncommand = "npx"\nargs = ["-y", "sota-mcp", "--local"]\n'],
    ['a = 1', 'a = 1\n\n[mcp_servers.sota]\ncommand = "npx"\nargs = ["-y", "sota-mcp", "--local"]\n'],
  ])('%j is filled', (text, result) => expect(addServer(codex, text, 'sota', entry)).toBe(result));

  it('changes the start of an entry and leaves what its owner added, comments too', () => {
    const text = `[mcp_servers.sota] # ours
command = "old" # very old
startup_timeout_sec = 30
env_vars = ["MINE"]

[mcp_servers.sota.env]
SOTA_API_KEY = "sk_live_mine"

[other]
x = 1
`;
    expect(addServer(codex, text, 'sota', full)).toBe(`[mcp_servers.sota] # ours
command = "npx" # very old
startup_timeout_sec = 30
env_vars = ["MINE", "SOTA_API_KEY"]
args = ["-y", "sota-mcp", "--local"]

[mcp_servers.sota.env]
SOTA_API_KEY = "sk_live_mine"
SOTA_HOME = "/srv/sota"

[other]
x = 1
`);
  });

  it('understands quoted names, inline variables, CRLF and a byte order mark', () => {
    const text =
      '\uFEFF["mcp_servers"."sota"]\r\ncommand = "old"\r\nenv = { A = "1" }\r\n\r\n[x]\r\ny = 2026-01-02T03:04:05Z\r\n';
    const result = addServer(codex, text, 'sota', full);
    expect(readToml(result, ['mcp_servers', 'sota'])).toMatchObject({ env: { A: '1', SOTA_HOME: '/srv/sota' } });
    expect(result.startsWith('\uFEFF["mcp_servers"."sota"]\r\n')).toBe(true);
    expect(result.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(removeServer(codex, result, 'sota')).toBe('\uFEFF[x]\r\ny = 2026-01-02T03:04:05Z\r\n');
  });

  it('writes paths of Windows readably', () => {
    const windows = { command: 'C:\\node\\node.exe', args: ['C:\\sota\\dist\\sota-mcp.js'] };
    const result = addServer(codex, '', 'sota', windows);
    expect(result).toContain("command = 'C:\\node\\node.exe'");
    expect(readToml(result, ['mcp_servers', 'sota'])).toEqual(windows);
  });

  it.each([
    ['a = 1\n[broken\n', 2, 'never closed'],
    ['a = \n', 1, 'a value should stand here'],
    ['a = 1\nb = word\n', 2, 'needs quotes'],
    ['a = "x\n', 1, 'has no end'],
    ['a = [1,\n 2\n', 1, 'never closed'],
    ['a = 1\na = 2\n', 2, 'second time'],
    ['[t]\n[t]\n', 2, 'second time'],
    ['a = 1 b = 2\n', 1, 'does not belong'],
    ['x\n', 1, 'equals sign'],
    ['a = "\\q"\n', 1, 'means nothing'],
  ])('that is broken is refused with the line: %j', (text, line, words) => {
    const attempt = () => addServer(codex, text, 'sota', entry);
    expect(attempt).toThrow(ConfigFileError);
    expect(attempt).toThrow(new RegExp(`line ${line}: .*${words}`));
  });

  it.each([
    'mcp_servers = { sota = { command = "x" } }\n',
    '[mcp_servers]\nsota = { command = "x" }\n',
    '[mcp_servers]\nsota.command = "x"\n',
    '[[mcp_servers]]\nname = "sota"\n',
  ])('in a spelling that cannot be extended is refused: %j', (text) => {
    expect(() => addServer(codex, text, 'sota', entry)).toThrow(/line \d/);
  });

  it('allows the same names in each element of a list of tables', () => {
    const text = '[[rules]]\nname = "a"\n[rules.sub]\nx = 1\n[[rules]]\nname = "b"\n[rules.sub]\nx = 2\n';
    expect(hasServer(codex, addServer(codex, text, 'sota', entry), 'sota')).toBe(true);
  });
});

describe('what is shown of a change', () => {
  it('is the changed lines with those around them, and no secrets', () => {
    const before = '{\n  "a": {\n    "API_KEY": "abcdefgh"\n  },\n  "x": 1\n}\n';
    const after = before.replace('"x": 1', '"x": 2,\n  "TOKEN": "${env:T}"');
    const diff = renderDiff(before, after);
    expect(diff).toContain('-   "x": 1\n+   "x": 2,\n+   "TOKEN": "${env:T}"');
    expect(diff).toContain('"API_KEY": "…"');
  });

  it('leaves out what is far away', () => {
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
    const diff = renderDiff(lines.join('\n'), lines.with(25, 'new').join('\n'));
    expect(diff.split('\n')).toHaveLength(8);
  });
});
