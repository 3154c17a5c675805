import { resultNotJson } from './teach-tools.ts';

/**
 * The value of a result text. A markdown fence around it is the commonest slip, and is named as such.
 * @throws SotaError invalid_json
 */
export function parseResultJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (/^\s*```/.test(text)) throw resultNotJson('it is wrapped in a markdown fence');
    throw resultNotJson(error instanceof Error ? error.message.slice(0, 160) : 'unreadable');
  }
}
