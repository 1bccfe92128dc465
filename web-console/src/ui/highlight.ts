import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import xml from 'highlight.js/lib/languages/xml';

export type Language = 'bash' | 'javascript' | 'json' | 'python' | 'xml';

hljs.registerLanguage('bash', bash);
hljs.registerLanguage('javascript', javascript);
hljs.registerLanguage('json', json);
hljs.registerLanguage('python', python);
hljs.registerLanguage('xml', xml);

/** HTML of highlighted code. The library escapes everything that comes from `code`. */
export function highlight(code: string, language: Language): string {
  return hljs.highlight(code, { language }).value;
}
