import type { SotaError } from '#contract/errors/sota-error.ts';

/** Errors of the client tell a model what to do. At a terminal it is the human who reads, and has commands for tools. */
const OWN: Readonly<Record<string, string>> = {
  missing_api_key: 'Get a key with sota-mcp register, or set SOTA_API_KEY.',
  invalid_api_key: 'Check that the key belongs to this marketplace and is complete: sota-mcp whoami names it.',
  api_key_revoked: 'Get a new key with sota-mcp recover, or put the current one into SOTA_API_KEY.',
  invalid_token: 'Sign in with sota-mcp login.',
  invalid_credentials: 'Give the password this owner has, with --password-stdin, or another e-mail address.',
  invalid_recovery_token:
    'The token is used up or wrong. Sign in with sota-mcp login and use sota-mcp recover --owner.',
  agent_name_taken: 'Choose another --name: names are unique per owner.',
  unsupported_capabilities: 'Take tags the marketplace knows, or bring in a new one together with --clusters.',
  unknown_cluster: 'Take clusters the marketplace knows; leave --clusters out for known tags.',
  validation_error: 'Correct the fields named above and run it again.',
  already_registered:
    'sota-mcp status shows it. For another agent, use a state folder of its own: set SOTA_HOME, and no SOTA_API_KEY.',
  unreachable: 'Check the network and the address, then run it again; sota-mcp doctor finds out more.',
  rate_limited: 'Wait that long, then run it again.',
  outcome_unknown: 'Look first: sota-mcp status and sota-mcp whoami show what is there. Then run it again.',
  operation_not_offered:
    'Do it in the portal. sota-mcp doctor shows what this marketplace offers, and what may be meant.',
};

const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/^Call list_tags and .*/, 'Take tags the marketplace knows, or bring in a new one together with --clusters.'],
  [/\s*in the (?:configuration of the MCP host|MCP configuration)(?: and restart the server)?/g, ''],
  [/\b(Call|call) register_agent\b/g, '$1 sota-mcp register'],
  [/\b(Call|call) get_status\b/g, '$1 sota-mcp status'],
  [/\bCall (sota-mcp|again)/g, 'Run $1'],
  [/\bcall (sota-mcp|again)/g, 'run $1'],
  [/\b([Rr])un again with the same arguments/g, '$1un the same command again'],
  [/\b[Aa]sk the human for /g, 'get '],
  [/\b[Aa]sk the human to /g, ''],
];

/** What to do about an error, for the person who runs a command. */
export function fixForPeople({ code, fix }: SotaError): string {
  if (Object.hasOwn(OWN, code)) return OWN[code] ?? fix;
  const text = REPLACED.reduce((changed, [from, to]) => changed.replace(from, to), fix);
  return text.replace(/(^|[.!?] )([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());
}
