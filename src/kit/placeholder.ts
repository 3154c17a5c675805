/** What hosts leave in place when they replace nothing, and what people leave in place when they copy an example. */
const PLACEHOLDERS: readonly RegExp[] = [
  /\$\{/, // ${X}, ${env:X}, ${input:X}, also inside other text
  /^\$(?:env:)?[A-Za-z_]\w*$/i, // $X, $env:X
  /\{\{/, // {{X}}
  /^%[^%]+%$/, // %X%
  /^<.*>$/, // <your-key>
  /^sk_live_(?:\.+|…|x+|\*+|your.*|abc123|key|here)$/i,
  /^(?:your|my|insert|paste|enter|replace)[-_ ].*(?:key|here|me)$/i,
  /^(?:undefined|null|none|changeme|todo)$/i,
];

/** Whether a setting still holds the text that was to be replaced. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDERS.some((shape) => shape.test(text));
}
