import { CircleCheck, CircleX } from 'lucide-react';
import type { Exchange } from '../../api/webhooks';
import { CodeBlock, prettyJson } from '../../ui/code';
import { CopyButton } from '../../ui/copy';
import { Notice } from '../../ui/page';
import { asCurl, didTake, statusWords } from '../../webhooks/attempt';
import css from './webhooks.module.css';

/** One request as it was sent, and what was answered. */
export function AttemptView({
  url,
  attempt,
  isHeaded,
}: {
  url: string;
  attempt: Exchange;
  /** What came of it stands above already. */
  isHeaded?: boolean;
}) {
  const taken = didTake(attempt);
  return (
    <div className={css.attempt}>
      {!isHeaded && (
        <Notice
          tone={taken ? 'good' : 'bad'}
          icon={taken ? <CircleCheck size={17} aria-hidden /> : <CircleX size={17} aria-hidden />}
          title={statusWords(attempt)}
        >
          <p style={{ margin: 0 }}>
            {attempt.duration_ms.toLocaleString('en')} ms
            {attempt.events > 1 && ` · ${attempt.events} events in one request`}
          </p>
        </Notice>
      )}
      <section aria-label="Request">
        <div className={css.legendRow}>
          <h4 className={css.half}>Request</h4>
          <CopyButton value={asCurl(url, attempt)}>Copy as curl</CopyButton>
        </div>
        <Headers first={['POST', url]} headers={attempt.request_headers} />
        <BodyText text={attempt.request_body} label="Request body" />
      </section>
      <section aria-label="Response">
        <h4 className={css.half}>Response</h4>
        {attempt.response_headers === null && attempt.response_body === null ? (
          <p className={css.sub}>There was no answer.</p>
        ) : (
          <>
            <Headers headers={attempt.response_headers ?? {}} />
            {attempt.response_body ? (
              <BodyText text={attempt.response_body} label="Response body" />
            ) : (
              <p className={css.sub}>Nothing in its body.</p>
            )}
          </>
        )}
      </section>
    </div>
  );
}

function Headers({ first, headers }: { first?: [string, string]; headers: Record<string, string> }) {
  const lines = Object.entries(headers);
  if (!first && lines.length === 0) return null;
  return (
    <dl className={css.headers}>
      {first && (
        <div key="first">
          <dt>{first[0]}</dt>
          <dd>{first[1]}</dd>
        </div>
      )}
      {lines.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function BodyText({ text, label }: { text: string; label: string }) {
  const { code, isJson } = prettyJson(text);
  return <CodeBlock code={code} language={isJson ? 'json' : 'plaintext'} label={label} />;
}
