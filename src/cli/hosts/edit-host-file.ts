import { isDeepStrictEqual } from 'node:util';
import { ConfigFileError, type Plain } from './config-text.ts';
import { appendInJson, readJson, removeFromJson, removeItems, setInJson } from './edit-json.ts';
import { everythingElse, readToml, removeFromToml, setInToml, type TomlSettings } from './edit-toml.ts';
import type { Host } from './host-table.ts';
import type { InputEntry, ServerEntry } from './server-entry.ts';

/**
 * The text of a host's file with our server in it. Of an entry that is there, the start is replaced, and what its owner
 * added (other variables, a literal key, time-outs) stays.
 * @throws ConfigFileError; nothing is half done then
 */
export function addServer(host: Host, text: string, name: string, entry: ServerEntry, input?: InputEntry): string {
  if (host.format === 'toml') {
    const before = readToml(text, [host.root, name]);
    const settings: TomlSettings = {
      ...withKept(entry, asTexts(before?.env)),
      ...(entry.env_vars ? { env_vars: union(before?.env_vars, entry.env_vars) } : {}),
    };
    const result = setInToml(text, [host.root, name], settings);
    guard(everythingElse(text, [host.root, name]), everythingElse(result, [host.root, name]));
    return result;
  }
  const whole = objectOf(readJson(text), 'the file');
  const servers = objectOf(whole[host.root] ?? {}, host.root);
  const before = servers[name] === undefined ? undefined : objectOf(servers[name], name);
  let result = text;
  if (before) {
    const { env, ...rest } = withKept(entry, asTexts(before.env));
    for (const [key, value] of Object.entries(rest)) {
      if (!isDeepStrictEqual(before[key], value)) result = setInJson(result, [host.root, name, key], value as Plain);
    }
    for (const [key, value] of Object.entries(env ?? {})) {
      if (asTexts(before.env)[key] !== value) result = setInJson(result, [host.root, name, 'env', key], value);
    }
  } else {
    result = setInJson(result, [host.root, name], entry as unknown as Plain);
  }
  if (input) result = addInput(result, whole, input);
  guard(without(whole, host.root, name), without(objectOf(readJson(result), 'the file'), host.root, name));
  return result;
}

/** The text without our server, and without the question for its key. @throws ConfigFileError */
export function removeServer(host: Host, text: string, name: string): string {
  if (host.format === 'toml') {
    const result = removeFromToml(text, [host.root, name]);
    guard(everythingElse(text, [host.root, name]), everythingElse(result, [host.root, name]));
    return result;
  }
  const whole = objectOf(readJson(text), 'the file');
  let result = removeFromJson(text, [host.root, name]);
  if (host.key.kind === 'input') {
    const { id } = host.key;
    const stillAsked = JSON.stringify(without(whole, host.root, name)[host.root] ?? {}).includes(`\${input:${id}}`);
    if (!stillAsked) result = removeItems(result, ['inputs'], (item) => idOf(item) === id);
  }
  guard(without(whole, host.root, name), without(objectOf(readJson(result), 'the file'), host.root, name));
  return result;
}

/** Whether the file has the server. @throws ConfigFileError */
export function hasServer(host: Host, text: string, name: string): boolean {
  if (host.format === 'toml') return readToml(text, [host.root, name]) !== undefined;
  const whole = objectOf(readJson(text), 'the file');
  return objectOf(whole[host.root] ?? {}, host.root)[name] !== undefined;
}

/** What a file with nothing else in it would say. */
export function printEntry(host: Host, name: string, entry: ServerEntry, input?: InputEntry): string {
  return addServer(host, '', name, entry, input);
}

function addInput(text: string, whole: Readonly<Record<string, Plain>>, input: InputEntry): string {
  const asked = Array.isArray(whole.inputs) ? whole.inputs : [];
  if (asked.some((item) => idOf(item) === input.id)) return text;
  return appendInJson(text, ['inputs'], input as unknown as Plain);
}

function idOf(item: Plain): unknown {
  return typeof item === 'object' && item !== null && 'id' in item ? item.id : undefined;
}

/** A variable that is there already is its owner's business: it may hold the key itself. */
function withKept(entry: ServerEntry, kept: Readonly<Record<string, string>>): TomlSettings {
  const { type, command, args, env } = entry;
  return {
    ...(type ? { type } : {}),
    command,
    args,
    ...(env ? { env: { ...env, ...kept } } : {}),
  };
}

function asTexts(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

function union(before: unknown, wanted: readonly string[]): string[] {
  const kept = Array.isArray(before) ? before.filter((name) => typeof name === 'string') : [];
  return [...new Set([...kept, ...wanted])];
}

function objectOf(value: Plain, what: string): Readonly<Record<string, Plain>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, Plain>>;
  }
  throw new ConfigFileError(`${what} should be an object in braces`);
}

/** Everything but our own part. */
function without(whole: Readonly<Record<string, Plain>>, root: string, name: string): Record<string, Plain> {
  const { [name]: _ours, ...others } = objectOf(whole[root] ?? {}, root);
  const inputs = Array.isArray(whole.inputs) ? whole.inputs.filter((item) => idOf(item) !== 'sota-api-key') : [];
  return { ...whole, [root]: others, inputs };
}

/** The edit is text surgery: that it touched nothing else is checked, not believed. */
function guard(before: unknown, after: unknown): void {
  if (!isDeepStrictEqual(before, after)) {
    throw new ConfigFileError('the edit would have changed something else in this file; add the entry by hand');
  }
}
