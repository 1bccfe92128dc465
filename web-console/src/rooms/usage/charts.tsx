import { Button, Table } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMemo } from 'react';
import type { Granularity, Usage } from '../../api/types';
import { bytes, count } from '../../ui/amount';
import { Chart } from '../../ui/chart';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/page';
import { WideTable } from '../../ui/table';
import { axisLabels, bucketLabels, refusalSeries } from './series';
import css from './usage.module.css';

/** What the quota adds in one bar's time, where a bar is long enough to be held against it. */
const QUOTA_LINES: Partial<Record<Granularity, (perDay: number) => { value: number; label: string }>> = {
  day: (perDay) => ({ value: perDay, label: 'Added per day' }),
  month: (perDay) => ({ value: perDay * 30, label: 'Added in 30 days' }),
};

export function Charts({ usage, maxConnections }: { usage: Usage; maxConnections?: number | undefined }) {
  const { buckets, granularity } = usage;
  const labels = useMemo(() => bucketLabels(buckets, granularity), [buckets, granularity]);
  const axis = useMemo(() => axisLabels(buckets, granularity), [buckets, granularity]);
  const refused = useMemo(() => refusalSeries(buckets), [buckets]);
  const [listed, list] = useDisclosure(false);
  const perDay = usage.quotas.find(({ rule }) => rule === 'messages')?.per_day;
  const quotaLine = perDay && QUOTA_LINES[granularity]?.(perDay);
  return (
    <>
      <div className={css.charts}>
        <Panel>
          <Chart
            title="Messages"
            labels={labels}
            axis={axis}
            limit={quotaLine || undefined}
            series={[
              { name: 'Published', tone: 'accent', values: buckets.map((b) => b.published_units) },
              { name: 'Delivered', tone: 'good', values: buckets.map((b) => b.delivered_units) },
            ]}
          />
        </Panel>
        <Panel>
          <Chart
            title="Connections, peak"
            kind="line"
            labels={labels}
            axis={axis}
            limit={maxConnections ? { value: maxConnections, label: 'At most' } : undefined}
            series={[{ name: 'Open', tone: 'info', values: buckets.map((b) => b.connections_peak) }]}
          />
        </Panel>
        <Panel>
          <Chart
            title="API requests"
            labels={labels}
            axis={axis}
            series={[
              { name: 'Accepted', tone: 'good', values: buckets.map((b) => b.requests['2xx']) },
              { name: 'Refused', tone: 'warn', values: buckets.map((b) => b.requests['4xx']) },
              { name: 'Failed', tone: 'bad', values: buckets.map((b) => b.requests['5xx']) },
            ]}
          />
        </Panel>
        <Panel>
          {refused.length === 0 ? (
            <div className={css.nothing}>
              <strong>Refusals by cause</strong>
              <p>Nothing was refused in this time.</p>
            </div>
          ) : (
            <Chart title="Refusals by cause" labels={labels} axis={axis} series={refused} />
          )}
        </Panel>
      </div>
      <Panel
        flush
        title="As a table"
        help={
          granularity === 'minute' || granularity === 'hour' ? 'In your time zone' : 'Days and months of UTC'
        }
        actions={
          <Button variant="default" size="xs" aria-expanded={listed} onClick={list.toggle}>
            {listed ? 'Hide' : 'Show'}
          </Button>
        }
      >
        {listed && (
          <WideTable label="Usage over time" minWidth={760} comparing>
            <Table.Thead>
              <Table.Tr>
                {['When', 'Published', 'Delivered', 'Units', 'In', 'Out', 'Requests', 'Peak', 'Refused'].map(
                  (name, at) => (
                    <Table.Th key={name} ta={at === 0 ? 'left' : 'right'}>
                      {name}
                    </Table.Th>
                  ),
                )}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {buckets
                .map((bucket, at) => (
                  <Table.Tr key={bucket.start}>
                    <Table.Td>{labels[at]}</Table.Td>
                    {[
                      count(bucket.published),
                      count(bucket.delivered),
                      count(bucket.units),
                      bytes(bucket.bytes_in),
                      bytes(bucket.bytes_out),
                      count(Object.values(bucket.requests).reduce((sum, n) => sum + n, 0)),
                      count(bucket.connections_peak),
                      count(Object.values(bucket.refused).reduce((sum, n) => sum + n, 0)),
                    ].map((value, column) => (
                      <Table.Td key={column} className={layout.number}>
                        {value}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))
                .reverse()}
            </Table.Tbody>
          </WideTable>
        )}
      </Panel>
    </>
  );
}
