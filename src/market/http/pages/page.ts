/** The frame of every page this marketplace shows to people: no script, no picture, nothing from elsewhere. */
const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--card:#fff;--back:#f6f8fa;--accent:#1f6feb;--bad:#b42318}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--card:#151b23;--back:#0d1117;--accent:#4493f8;--bad:#f97066}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:30rem;margin:12vh auto;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
h1{margin:0 0 .75rem;font-size:1.35rem}p{margin:.5rem 0}small,.soft{color:var(--soft)}.bad{color:var(--bad)}a{color:var(--accent)}
label{display:block;margin:.75rem 0 .25rem;font-weight:600}
input{width:100%;padding:.5rem .75rem;font:inherit;color:inherit;background:var(--back);border:1px solid var(--line);border-radius:.4rem}
button{margin:1.25rem .5rem 0 0;padding:.5rem 1.25rem;font:inherit;font-weight:600;border:1px solid var(--accent);border-radius:.4rem;background:var(--accent);color:#fff;cursor:pointer}
button.quiet{background:transparent;color:var(--accent)}
.code{margin:1rem 0;padding:.75rem;text-align:center;font:600 1.75rem/1.2 ui-monospace,monospace;letter-spacing:.15em;background:var(--back);border:1px solid var(--line);border-radius:.5rem}
table{width:100%;border-collapse:collapse;margin:1rem 0}th,td{padding:.35rem .5rem .35rem 0;text-align:left;border-bottom:1px solid var(--line)}
pre{white-space:pre-wrap;overflow-wrap:anywhere}`;

/**
 * A whole page. `body` is HTML: whatever comes from outside must have gone through `escapeHtml`.
 * @param style added to the common one
 */
export function page(title: string, body: string, style = ''): string {
  const safe = escapeHtml(title);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${safe}</title><style>${STYLE}${style}</style></head><body>${body}</body></html>`;
}

/** A page that is one card with a heading. */
export function card(title: string, ...parts: readonly string[]): string {
  return page(title, `<main><h1>${escapeHtml(title)}</h1>${parts.join('')}</main>`);
}

/** @example escapeHtml('<b>') // '&lt;b&gt;' */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
