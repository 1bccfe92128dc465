import { Button, SegmentedControl } from '@mantine/core';
import { Download } from 'lucide-react';
import { SPANS, type Span } from './range';
import css from './usage.module.css';

export function SpanPicker({
  value,
  onChange,
  csv,
}: {
  value: Span;
  onChange: (span: Span) => void;
  csv: string;
}) {
  return (
    <div className={css.picker}>
      <div className={css.spans}>
        <SegmentedControl
          aria-label="How far back"
          data={SPANS.map(({ value, label }) => ({ value, label }))}
          value={value}
          onChange={(span) => {
            const found = SPANS.find((one) => one.value === span);
            if (found) onChange(found.value);
          }}
        />
      </div>
      <Button
        component="a"
        href={csv}
        download="usage.csv"
        variant="default"
        leftSection={<Download size={15} aria-hidden />}
      >
        CSV
      </Button>
    </div>
  );
}
