/**
 * The environment of a handler in a process of its own: what programs need to run at all, the keys of model providers,
 * and whatever the `.env` file sets; never a secret of the marketplace. An allow-list, because nobody can name every
 * secret that must not be passed on.
 */
const ALLOWED = [
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TZ|TERM|TMPDIR|TMP|TEMP|PWD)$/,
  /^LC_/,
  /^(?:SystemRoot|SystemDrive|ComSpec|PATHEXT|APPDATA|LOCALAPPDATA|USERPROFILE|ProgramData|NUMBER_OF_PROCESSORS)$/i,
  /^(?:HTTPS?_PROXY|NO_PROXY|ALL_PROXY|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS)$/i,
  /^(?:PYTHON|VIRTUAL_ENV|CONDA_PREFIX)/,
  /^(?:ANTHROPIC|OPENAI|LLM|MODEL)_/,
];

/** @param fromFile the settings of the `.env` file, without the secrets of the marketplace */
export function handlerEnv(
  env: Readonly<Record<string, string | undefined>>,
  fromFile: Readonly<Record<string, string>>,
): Record<string, string> {
  const allowed: Record<string, string> = { ...fromFile };
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !name.startsWith('SOTA_') && ALLOWED.some((shape) => shape.test(name))) {
      allowed[name] = value;
    }
  }
  return allowed;
}
