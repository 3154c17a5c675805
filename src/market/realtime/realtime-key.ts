export const REALTIME_PATH = '/realtime/v1/websocket';

/**
 * The public key that clients of the Realtime channel send. It has the form of a JWT, because client libraries look at
 * that, and means nothing.
 */
export const REALTIME_KEY = [{ alg: 'none', typ: 'JWT' }, { iss: 'sota-market', role: 'anon' }, 'public']
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');
