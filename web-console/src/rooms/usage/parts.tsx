import { Anchor, Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { AppUsage, OrganisationUsage, UsageCounts } from '../../api/types';
import { bytes, count } from '../../ui/amount';
import layout from '../../ui/layout.module.css';
import { Mono, Panel, Tag } from '../../ui/page';
import { WideTable } from '../../ui/table';

const refusedOf = ({ refused }: UsageCounts) => Object.values(refused).reduce((sum, n) => sum + n, 0);

const COLUMNS: [string, (counts: UsageCounts) => string][] = [
  ['Published', ({ published }) => count(published)],
  ['Delivered', ({ delivered }) => count(delivered)],
  ['Units', ({ units }) => count(units)],
  ['Out', ({ bytes_out }) => bytes(bytes_out)],
  ['Refused', (counts) => count(refusedOf(counts))],
];

function Head({ first }: { first: string }) {
  return (
    <Table.Thead>
      <Table.Tr>
        <Table.Th>{first}</Table.Th>
        {COLUMNS.map(([name]) => (
          <Table.Th key={name} ta="right">
            {name}
          </Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
  );
}

function Cells({ counts }: { counts: UsageCounts }) {
  return COLUMNS.map(([name, value]) => (
    <Table.Td key={name} className={layout.number}>
      {value(counts)}
    </Table.Td>
  ));
}

export const NO_KEY = 'No key accepted';

/** `names`: of the keys that have one. A revoked key has none any more. */
export function KeysTable({
  keys,
  names,
  onShow,
}: {
  keys: AppUsage['keys'];
  names: ReadonlyMap<string, string>;
  onShow: (key: string) => void;
}) {
  if (keys.length === 0) return null;
  return (
    <Panel flush title="By key" help="Deliveries count for the key that the receiving connection came with">
      <WideTable label="Usage by key" minWidth={620}>
        <Head first="Key" />
        <Table.Tbody>
          {keys.map((entry) => (
            <Table.Tr key={entry.key} data-testid="usage-key-row">
              <Table.Td>
                <Anchor
                  component="button"
                  type="button"
                  size="sm"
                  onClick={() => onShow(entry.key)}
                  aria-label={`${entry.key || NO_KEY}: show this alone`}
                >
                  {entry.key === '' ? NO_KEY : <Mono>{entry.key}</Mono>}
                </Anchor>
                {names.has(entry.key) && (
                  <>
                    <br />
                    <span className={layout.sub}>{names.get(entry.key)}</span>
                  </>
                )}
              </Table.Td>
              <Cells counts={entry} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </Panel>
  );
}

export function AppsTable({ apps }: { apps: OrganisationUsage['apps'] }) {
  if (apps.length === 0) return null;
  return (
    <Panel flush title="By app">
      <WideTable label="Usage by app" minWidth={620}>
        <Head first="App" />
        <Table.Tbody>
          {apps.map((entry) => (
            <Table.Tr key={entry.app} data-testid="usage-app-row">
              <Table.Td>
                {entry.is_deleted ? (
                  <>
                    {entry.name} <Tag>deleted</Tag>
                  </>
                ) : (
                  <Link
                    to="/apps/$appId/usage"
                    params={{ appId: entry.app }}
                    style={{ color: 'var(--sb-accent)' }}
                  >
                    {entry.name}
                  </Link>
                )}
              </Table.Td>
              <Cells counts={entry} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </Panel>
  );
}
