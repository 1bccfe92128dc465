/** Values into source text of another language. Imported secrets may hold any character. */
export const quote = {
  js: (value: string) => `'${value.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`,
  python: (value: string) => `'${value.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`,
  shell: (value: string) => `'${value.replaceAll("'", `'\\''`)}'`,
};
