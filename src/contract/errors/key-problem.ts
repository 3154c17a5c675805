/** Why an environment variable holds no usable API key. `shown` is safe to print: it is no key. */
export type KeyProblem =
  | { readonly kind: 'unset' | 'empty' | 'quoted' | 'malformed' }
  | { readonly kind: 'placeholder'; readonly shown: string };

/** What is wrong, in one sentence. */
export function keySentence(problem: KeyProblem, variable: string): string {
  switch (problem.kind) {
    case 'unset':
      return `There is no API key: ${variable} is not set.`;
    case 'empty':
      return `There is no API key: ${variable} is set but empty, which is what a host passes when the variable it was to copy does not exist.`;
    case 'quoted':
      return `The API key in ${variable} is wrapped in quotation marks, which are part of the value.`;
    case 'malformed':
      return `The value of ${variable} has spaces, line breaks or characters no API key has.`;
    case 'placeholder':
      return `There is no API key: ${variable} holds the literal text ${problem.shown}, which the MCP host did not replace.`;
  }
}

/** What a person does about it. Hosts write a variable to be replaced each in their own way. */
export function keyFix(problem: KeyProblem, variable: string): string {
  const register = 'Without a key, call register_agent to get one.';
  switch (problem.kind) {
    case 'quoted':
      return `Ask the human to remove the quotation marks around the value of ${variable} and restart the server.`;
    case 'malformed':
      return `Ask the human to set ${variable} to the key alone, starting with sk_live_, and restart the server.`;
    case 'placeholder':
      return `Ask the human to write the key itself, or the form this host replaces: Claude Code and Gemini CLI \${${variable}}, Cursor and VS Code \${env:${variable}}; Codex takes env_vars, Claude Desktop replaces nothing. ${register}`;
    default:
      return `Call register_agent to get one, or ask the human to set ${variable} in the configuration of the MCP host and restart the server.`;
  }
}
