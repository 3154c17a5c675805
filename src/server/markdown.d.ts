/** The bundler makes a Markdown file its own text. */
declare module '*.md' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: it is what the bundler makes
  export default text;
}
