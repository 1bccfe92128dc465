import { Button, Menu } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Download, ScrollText } from 'lucide-react';
import { useState } from 'react';
import { auditQuery, exportUrl, type AuditFilter } from '../../api/audit';
import type { AuditEntry } from '../../api/types';
import { useOrganisation } from '../../frame/use-organisation';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { EmptyState, PageHeader, Panel } from '../../ui/page';
import css from './audit.module.css';
import { byDay } from './days';
import { EntryDrawer } from './drawer';
import { EntryRow } from './entry';
import { Filters } from './filters';
import { HeadPanel } from './head';
import { useWhoAndWhere } from './who-and-where';

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
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const filter: AuditFilter = {
    ...search,
    from: instant(search.from, false),
    to: instant(search.to, true),
  };
  const entries = useInfiniteQuery(auditQuery(organisation.id, filter));
  const { names, people, apps } = useWhoAndWhere(organisation.id);
  const isFiltered = Object.values(search).some(Boolean);
  const change = (part: AuditFilter) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
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
          <Filters filter={search} people={people} apps={apps} onChange={change} />
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
            {({ pages }) =>
              byDay(pages.flatMap((page) => page.items)).map(({ day, entries }) => (
                <section key={day} aria-label={day}>
                  <h2 className={css.day}>{day}</h2>
                  <ol className={css.entries}>
                    {entries.map((entry) => (
                      <EntryRow key={entry.seq} entry={entry} people={names} onOpen={() => setOpen(entry)} />
                    ))}
                  </ol>
                </section>
              ))
            }
          </Loaded>
          <ShowMore query={entries} />
        </Panel>
        <HeadPanel org={organisation.id} />
      </div>
      <EntryDrawer
        entry={open}
        people={names}
        onClose={() => setOpen(null)}
        onFilter={(part) => {
          setOpen(null);
          void navigate({ search: part });
        }}
      />
    </>
  );
}
