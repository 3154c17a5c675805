/** The bundler makes a Markdown file its own text. */
declare module '*.md' {
  const text: string;
  export default text;
}
