import { Button, Group, Menu, TextInput } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Download, ScrollText } from 'lucide-react';
import { auditHeadQuery, auditQuery, exportUrl, type AuditFilter } from '../../api/audit';
import { useOrganisation } from '../../frame/use-organisation';
import { CopyField } from '../../ui/copy';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { EmptyState, PageHeader, Panel } from '../../ui/page';
import css from './audit.module.css';
import { EntryRow } from './entry';

/** A day of the address bar as the instant it begins, or ends, where the reader is. */
const instant = (day: string | undefined, end: boolean): string | undefined => {
  if (!day) return undefined;
  const date = new Date(`${day}T00:00:00`);
  if (Number.isNaN(date.getTime())) return undefined;
  if (end) date.setDate(date.getDate() + 1);
  return date.toISOString();
};

export default function Audit() {
  const organisation = useOrganisation();
  const search = useSearch({ from: '/signed-in/organisations/$orgId/audit' });
  const navigate = useNavigate({ from: '/organisations/$orgId/audit' });
  const filter: AuditFilter = {
    ...search,
    from: instant(search.from, false),
    to: instant(search.to, true),
  };
  const entries = useInfiniteQuery(auditQuery(organisation.id, filter));
  const head = useQuery(auditHeadQuery(organisation.id));
  const isFiltered = Object.values(search).some(Boolean);
  const set = (name: keyof AuditFilter) => (event: { currentTarget: { value: string } }) => {
    const value = event.currentTarget.value;
    void navigate({ search: (old) => ({ ...old, [name]: value || undefined }), replace: true });
  };
  return (
    <>
      <PageHeader
        title="Audit log"
        lede="Every change, who made it, and how it was before and after. Each entry holds the hash of the one before it."
        actions={
          <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
            <Menu.Target>
              <Button variant="default" leftSection={<Download size={15} aria-hidden />}>
                Export
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component="a" href={exportUrl(organisation.id, 'ndjson', filter)} download>
                NDJSON, to verify
              </Menu.Item>
              <Menu.Item component="a" href={exportUrl(organisation.id, 'csv', filter)} download>
                CSV, for a spreadsheet
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        }
      />
      <div className={layout.stack}>
        <Panel flush>
          <div className={css.filters} role="search" aria-label="Filter the audit log">
            <TextInput
              label="Action"
              placeholder="key or key.created"
              value={search.action ?? ''}
              onChange={set('action')}
            />
            <TextInput
              label="Who"
              placeholder="Email or token id"
              value={search.actor ?? ''}
              onChange={set('actor')}
            />
            <TextInput
              label="Subject"
              placeholder="Id of what was changed"
              value={search.subject ?? ''}
              onChange={set('subject')}
            />
            <TextInput label="From" type="date" value={search.from ?? ''} onChange={set('from')} />
            <TextInput label="To" type="date" value={search.to ?? ''} onChange={set('to')} />
          </div>
          <Loaded
            query={entries}
            label="entries"
            empty={({ pages }) =>
              pages[0]?.items.length === 0 && (
                <EmptyState
                  icon={<ScrollText size={20} />}
                  title={isFiltered ? 'No such entries' : 'Nothing was done yet'}
                  action={
                    isFiltered && (
                      <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                        Clear the filter
                      </Button>
                    )
                  }
                >
                  {isFiltered ? 'Nothing in the log is like that.' : 'What anybody changes appears here.'}
                </EmptyState>
              )
            }
          >
            {({ pages }) => (
              <ol className={css.entries}>
                {pages
                  .flatMap((page) => page.items)
                  .map((entry) => (
                    <EntryRow key={entry.seq} entry={entry} />
                  ))}
              </ol>
            )}
          </Loaded>
          <ShowMore query={entries} />
        </Panel>
        <Panel
          title="Head of the chain"
          help="Keep it somewhere else: then nobody, not even whoever runs Signalbox, can change an entry up to here unnoticed"
        >
          <Loaded query={head} label="the head">
            {({ seq, hash }) => (
              <>
                <CopyField
                  label={`After ${seq.toLocaleString('en')} entries`}
                  value={hash}
                  wrap
                  testId="audit-head"
                />
                <Group mt="xs">
                  <span className={layout.sub}>
                    Verify an export: <code>signalbox-control-plane audit verify audit.ndjson --head …</code>
                  </span>
                </Group>
              </>
            )}
          </Loaded>
        </Panel>
      </div>
    </>
  );
}
