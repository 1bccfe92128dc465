/** Values into source text of another language. Imported secrets may hold any character. */
export const quote = {
  js: (value: string) => `'${value.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`,
  python: (value: string) => `'${value.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`,
  php: (value: string) => `'${value.replace(/[\\']/g, '\\$&')}'`,
  ruby: (value: string) => `'${value.replace(/[\\']/g, '\\$&')}'`,
  go: (value: string) => JSON.stringify(value),
  shell: (value: string) => `'${value.replaceAll("'", `'\\''`)}'`,
};
