import { useEffect, useRef, type ReactNode } from 'react';
import css from './ui.module.css';

/** False until the first room is there: a fresh load leaves focus at the top of the document. */
let navigated = false;

/** The room's heading. Takes focus on a route change, so that keyboard and screen reader land in the new room. */
export function PageHeader({
  title,
  lede,
  actions,
}: {
  title: string;
  lede?: ReactNode;
  actions?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (navigated) heading.current?.focus({ preventScroll: true });
    navigated = true;
  }, []);
  useEffect(() => {
    document.title = `${title} · Signalbox`;
  }, [title]);
  return (
    <header className={css.header}>
      <div>
        <h1 ref={heading} tabIndex={-1} className={css.title}>
          {title}
        </h1>
        {lede && <p className={css.lede}>{lede}</p>}
      </div>
      {actions}
    </header>
  );
}

/** A bordered area with a heading of its own. */
export function Panel({
  title,
  help,
  actions,
  flush,
  children,
  className,
}: {
  title?: string;
  help?: ReactNode;
  actions?: ReactNode;
  /** The children touch the border (tables, lists). */
  flush?: boolean;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={`${css.panel} ${className ?? ''}`} aria-label={title}>
      {title && (
        <div className={css.panelHead}>
          <div>
            <h2 className={css.panelTitle}>{title}</h2>
            {help && <p className={css.panelHelp}>{help}</p>}
          </div>
          {actions}
        </div>
      )}
      {flush ? children : <div className={css.panelBody}>{children}</div>}
    </section>
  );
}

export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon: ReactNode;
  title: string;
  /** What to do next, in one sentence. */
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={css.empty}>
      <div className={css.emptyIcon} aria-hidden>
        {icon}
      </div>
      <p className={css.emptyTitle}>{title}</p>
      <p className={css.emptyText}>{children}</p>
      {action}
    </div>
  );
}

export type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'info' | 'violet' | 'accent';

export function Tag({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className={css.tag} data-tone={tone}>
      {children}
    </span>
  );
}

export function Lamp({ tone }: { tone: 'neutral' | 'good' | 'warn' | 'bad' }) {
  return <span className={css.lamp} data-tone={tone} aria-hidden />;
}

export function Mono({ children }: { children: ReactNode }) {
  return <span className={css.mono}>{children}</span>;
}

export function Notice({
  tone,
  icon,
  title,
  children,
  role,
}: {
  tone: 'neutral' | 'good' | 'warn' | 'bad';
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  role?: 'alert' | 'status';
}) {
  return (
    <div className={css.notice} data-tone={tone} role={role}>
      {icon}
      <div style={{ minWidth: 0, flex: 1 }}>
        <p className={css.noticeTitle}>{title}</p>
        {children}
      </div>
    </div>
  );
}
