import { Button, Menu } from '@mantine/core';
import { Check, History } from 'lucide-react';
import { useState } from 'react';
import { hoursInWords, hoursOf, isWithin, SPANS, type SpanId } from '../../live/spans';
import { momentInWords } from '../../ui/time';
import { MomentDialog } from './moment-dialog';
import css from './live.module.css';
import type { Range } from './use-range';

/** How far back the stream goes, or from which moment. What is beyond the plan is shown, and cannot be chosen. */
export function RangeMenu({
  range,
  reachesToMs,
  onSpan,
  onMoment,
}: {
  range: Range;
  /** Missing as long as it is not known. */
  reachesToMs: number | undefined;
  onSpan: (span: SpanId | null) => void;
  onMoment: (atMs: number) => void;
}) {
  const [asking, setAsking] = useState(false);
  const hours = reachesToMs === undefined ? undefined : hoursOf(reachesToMs);
  const chosen = SPANS.find(({ id }) => id === range.span);
  const mark = (is: boolean) => (is ? <Check size={15} aria-hidden /> : <span className={css.unmarked} />);
  return (
    <>
      <Menu withInitialFocusPlaceholder={false} position="bottom-start" shadow="lg" radius="md" width={264}>
        <Menu.Target>
          <Button variant="default" leftSection={<History size={15} aria-hidden />}>
            {range.atMs === null ? (chosen?.label ?? 'Any time') : `Up to ${momentInWords(range.atMs)}`}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={mark(range.span === null && range.atMs === null)}
            onClick={() => onSpan(null)}
          >
            Any time
          </Menu.Item>
          {SPANS.map(({ id, ms, label }) => {
            const isBeyond = hours !== undefined && !isWithin(ms, hours);
            return (
              <Menu.Item
                key={id}
                leftSection={mark(range.span === id)}
                disabled={isBeyond}
                rightSection={isBeyond ? <span className={css.beyond}>paid plans</span> : undefined}
                onClick={() => onSpan(id)}
              >
                {label}
              </Menu.Item>
            );
          })}
          <Menu.Divider />
          <Menu.Item
            leftSection={mark(range.atMs !== null)}
            disabled={hours === 0}
            onClick={() => setAsking(true)}
          >
            Go to a moment…
          </Menu.Item>
          {hours !== undefined && hours > 0 && (
            <Menu.Label>Your plan looks back {hoursInWords(hours)}.</Menu.Label>
          )}
        </Menu.Dropdown>
      </Menu>
      <MomentDialog
        opened={asking}
        atMs={range.atMs}
        reachesToMs={reachesToMs}
        onClose={() => setAsking(false)}
        onGo={(atMs) => {
          setAsking(false);
          onMoment(atMs);
        }}
      />
    </>
  );
}
