import { useMemo } from 'react';
import { CopyIcon } from './copy';
import { highlight, type Language } from './highlight';
import './code.css';
import css from './ui.module.css';

export function CodeBlock({
  code,
  language,
  label,
  testId,
}: {
  code: string;
  language: Language;
  label: string;
  testId?: string;
}) {
  const html = useMemo(() => highlight(code, language), [code, language]);
  return (
    <div className={css.code}>
      {/* Focusable, so that a long line can be scrolled by keyboard. */}
      <pre tabIndex={0} role="region" aria-label={label} data-testid={testId}>
        <code dangerouslySetInnerHTML={{ __html: html }} />
      </pre>
      <div className={css.codeCopy}>
        <CopyIcon value={code} label={label} />
      </div>
    </div>
  );
}

/** Indented when it is JSON, as it stands otherwise. Numbers that would lose digits are left alone, with all around them. */
export function prettyJson(text: string): { code: string; isJson: boolean } {
  try {
    const value: unknown = JSON.parse(text);
    return { code: /\d{16}/.test(text) ? text : JSON.stringify(value, null, 2), isJson: true };
  } catch {
    return { code: text, isJson: false };
  }
}
