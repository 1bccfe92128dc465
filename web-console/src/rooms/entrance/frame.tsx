import { Check } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { Logo } from '../../frame/logo';
import css from './entrance.module.css';

/** The page around the log-in and sign-up forms. */
export function EntranceFrame({
  title,
  lede,
  children,
}: {
  title: string;
  lede: string;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Signalbox`;
  }, [title]);
  return (
    <div className={css.page}>
      <main className={css.form}>
        <div className={css.brand}>
          <Logo /> Signalbox
        </div>
        <h1 className={css.title}>{title}</h1>
        <p className={css.lede}>{lede}</p>
        {children}
      </main>
      <aside className={css.side} aria-label="About Signalbox">
        <p className={css.claim}>Realtime messages for the SDKs you already use.</p>
        <div className={css.stream} aria-hidden>
          <div>
            <i>published</i>
            <b>private-orders.81</b>
            <span>order.paid</span>
          </div>
          <div>
            <i>subscribed</i>
            <b>presence-board.4</b>
            <span>staff-12</span>
          </div>
          <div>
            <i>published</i>
            <b>departures.platform-4</b>
            <span>train.delayed</span>
          </div>
        </div>
        <ul className={css.points}>
          <li>
            <Check size={16} aria-hidden /> Pusher clients and servers connect by changing a host name.
          </li>
          <li>
            <Check size={16} aria-hidden /> Every event of your app is visible here the moment it happens.
          </li>
          <li>
            <Check size={16} aria-hidden /> A revoked key is refused everywhere in under a second, with a
            receipt.
          </li>
        </ul>
      </aside>
    </div>
  );
}
