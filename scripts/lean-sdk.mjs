/**
 * The SDK's server without what this program never asks of it (left-out.mjs). Its server of tools is one of them: tools are
 * listed and called by handlers of our own (src/server/build-server.ts).
 *
 * The build stops where one of these is called by our sources, and where the package no longer has it.
 */
import { readFileSync } from 'node:fs';
import { leavesOut, withoutMethods } from './left-out.mjs';

/** Where the SDK is used (scripts/floors.ts). */
const USERS = 'src/server';

const NO_HTTP = 'there is no HTTP';

/** Methods by class: `[class, names, why nobody calls them]`. */
const LEFT_OUT = [
  ['McpServer', 'registerTool setToolRequestHandlers _createRegisteredTool toolInputSchemaJson', 'tools are ours'],
  ['McpServer', 'validateToolInput validateToolOutput executeToolHandler createToolError', 'tools are ours'],
  ['McpServer', 'sendLoggingMessage', 'what is logged goes to stderr'],
  ['Server', 'sendLoggingMessage', 'what is logged goes to stderr'],
  ['Server', 'createMessage', 'no model is asked'],
  ['Server', 'createElicitationCompletionNotifier', 'people are asked by forms'],
  ['PerRequestHTTPServerTransport', 'start handleMessage send close', NO_HTTP],
  ['PerRequestHTTPServerTransport', 'upgradeToSse finalizeStream settleResponse', NO_HTTP],
  ['PerRequestHTTPServerTransport', 'writeFrame writeMessageFrame writeCommentFrame', NO_HTTP],
];

/** Of HTTP nothing is called by us, and much by the same names. */
const CALLABLE = LEFT_OUT.filter(([, , why]) => why !== NO_HTTP).flatMap(([, names]) => names.split(' '));

const leftOut = leavesOut('@modelcontextprotocol/server', 'scripts/lean-sdk.mjs');

/** @param {string} root project folder, whose sources must not use what is left out */
export function onlyUsedSdk(root) {
  return {
    name: 'only-used-sdk',
    setup(esbuild) {
      esbuild.onStart(() => ({ errors: leftOut.usesIn(root, USERS, CALLABLE) }));
      leftOut.declare(esbuild);
      esbuild.onLoad({ filter: /[\\/]server[\\/]dist[\\/]mcp-[\w-]+\.mjs$/ }, ({ path }) => {
        const lean = LEFT_OUT.reduce(
          (text, [owner, names]) => inClass(owner, text, path, (body) => withoutMethods(body, names.split(' '), path)),
          readFileSync(path, 'utf8'),
        );
        return leftOut.module(lean);
      });
    },
  };
}

function inClass(name, text, path, change) {
  const pattern = new RegExp(`^var ${name} = class.*\\{\\n[\\s\\S]*?^\\};`, 'm');
  const [body] = text.match(pattern) ?? [];
  if (body === undefined) throw new Error(`${path} has no class ${name}`);
  return text.replace(body, () => change(body));
}
