import { describe, expect, it } from 'vitest';
import { readDotenv } from '#runner/settings/read-dotenv.ts';
import { readSettings, SettingsError } from '#runner/settings/runner-settings.ts';

const file = (text: string) => ({ path: '.env', text });
const problemsOf = (text: string, env = {}): string => {
  try {
    readSettings(env, file(text));
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return '';
};

describe('an .env file', () => {
  it.each([
    ['A=1', '1'],
    ['  export A = 1  ', '1'],
    ['A=b#c # a comment', 'b#c'],
    ['A=', ''],
    ['A= # only a comment', ''],
    [`A='$x \\n "y"'`, '$x \\n "y"'],
    ['A="a\\nb \\"c\\" \\\\ d" # e', 'a\nb "c" \\ d'],
    ['\uFEFFA=1', '1'],
    ['# c\r\nA=1\r\n', '1'],
  ])('%j gives %j', (text, value) => {
    const { entries, problems } = readDotenv(text);
    expect(problems).toEqual([]);
    expect(entries).toEqual([{ name: 'A', value, line: expect.any(Number) }]);
  });

  it('names the line of everything it does not understand', () => {
    const { problems } = readDotenv('A=1\nnonsense\nB="open\nA=2\n1X=3');
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 5]);
    expect(problems[2]?.message).toMatch(/line 1/);
  });
});

describe('settings', () => {
  it('have the defaults of the published page', () => {
    expect(readSettings({})).toMatchObject({
      apiUrl: 'https://api.sota.market',
      pollIntervalMs: 3000,
      heartbeatIntervalMs: 30_000,
      logFormat: 'text',
      webhookSecrets: [],
    });
  });

  it('are taken from the environment before the file', () => {
    const settings = readSettings(
      { SOTA_POLL_INTERVAL_SECONDS: '7', SOTA_API_KEY: '' },
      file('SOTA_POLL_INTERVAL_SECONDS=5\nSOTA_HEARTBEAT_INTERVAL_SECONDS=10\nSOTA_API_KEY=sk_live_file'),
    );
    expect(settings.pollIntervalMs).toBe(7000);
    expect(settings.heartbeatIntervalMs).toBe(10_000);
    expect(settings.env.SOTA_API_KEY).toBe('sk_live_file');
  });

  it.each([
    ['SOTA_API_KEY=x\nSOTA_POLL_INTERVALL_SECONDS=3', /^\.env:2: .*did you mean SOTA_POLL_INTERVAL_SECONDS/],
    ['\nSOTA_POLL_INTERVAL_SECONDS=fast', /^\.env:2: .*seconds/],
    ['SOTA_HEARTBEAT_INTERVAL_SECONDS=91', /^\.env:1: .*80/],
    ['SOTA_API_URL=api.sota.market', /^\.env:1: .*URL/],
    ['SOTA_LOG_FORMAT=xml', /^\.env:1: .*json/],
    ['what is this', /^\.env:1: .*NAME=value/],
  ])('%j is an error that names the line', (text, message) => {
    expect(problemsOf(text)).toMatch(message);
  });

  it('names every problem at once, and where the environment is to blame', () => {
    const text = problemsOf('SOTA_X=1\nSOTA_LOG_LEVEL=loud', { SOTA_POLL_INTERVAL_SECONDS: '-1' });
    expect(text.split('\n')).toEqual([
      expect.stringMatching(/^\.env:1/),
      expect.stringMatching(/^\.env:2/),
      expect.stringMatching(/^environment: SOTA_POLL_INTERVAL_SECONDS/),
    ]);
  });

  it('hand a handler what the file says, but never the secrets of the marketplace', () => {
    const text = 'MODEL_KEY=abc\nSOTA_API_KEY=sk_live_x\nSOTA_WEBHOOK_SECRET=whsec_a, whsec_b';
    const settings = readSettings({ SOTA_HOME: '/x' }, file(text));
    expect(settings.handlerEnv).toEqual({ MODEL_KEY: 'abc' });
    expect(settings.webhookSecrets).toEqual(['whsec_a', 'whsec_b']);
  });
});
