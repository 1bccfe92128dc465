import { Button, Group, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Search, ShieldCheck } from 'lucide-react';
import { refusalsQuery } from '../../api/usage';
import { useApp } from '../../frame/use-apps';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { EmptyState, PageHeader, Panel } from '../../ui/page';
import { useKeyNames } from '../usage/key-names';
import { CAUSES } from './causes';
import { Found } from './found';
import { KeyFilter } from './key-filter';
import { RefusalsTable } from './table';

export default function Refusals() {
  const app = useApp();
  const { code, key, id } = useSearch({ from: '/signed-in/apps/$appId/refusals' });
  const navigate = useNavigate({ from: '/apps/$appId/refusals' });
  const refusals = useInfiniteQuery(refusalsQuery(app.id, { code, key }));
  const names = useKeyNames(app.id);
  const only = (part: { code?: string | undefined; key?: string | undefined }) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  const form = useForm({
    initialValues: { id: id ?? '' },
    validate: { id: (id) => (id.trim() === '' ? 'Enter a request id' : null) },
  });
  const show = (id: string | undefined) => {
    form.setFieldValue('id', id ?? '');
    void navigate({ search: (old) => ({ ...old, id }), replace: true });
  };
  return (
    <>
      <PageHeader
        title="Refusals"
        lede="What was refused of this app’s traffic in the last seven days, and why. Every refused answer carries a request id."
      />
      <div className={layout.stack}>
        <Panel title="Look up" help="The X-Request-Id of the answer, or the id in the error frame">
          <form
            className={layout.inline}
            onSubmit={form.onSubmit(({ id }) => show(id.trim()))}
            noValidate
            role="search"
          >
            <TextInput
              label="Request id"
              spellCheck={false}
              autoComplete="off"
              {...form.getInputProps('id')}
            />
            <Button type="submit" variant="default" leftSection={<Search size={15} aria-hidden />}>
              Look up
            </Button>
          </form>
          {id && <Found key={id} app={app.id} requestId={id} names={names} onKey={(key) => only({ key })} />}
        </Panel>
        <Panel
          flush
          title="Recent refusals"
          help="Up to 10,000 a day are kept; the usage counts them all"
          actions={
            <Group gap="xs">
              <Select
                aria-label="Cause"
                placeholder="Every cause"
                clearable
                searchable
                w={220}
                data={CAUSES.map(({ code, label }) => ({ value: code, label }))}
                value={code ?? null}
                onChange={(code) => only({ code: code ?? undefined })}
              />
              <KeyFilter
                app={app.id}
                names={names}
                seen={refusals.data?.pages.flatMap(({ items }) => items.map(({ key }) => key)) ?? []}
                value={key}
                onChange={(key) => only({ key })}
              />
            </Group>
          }
        >
          <Loaded
            query={refusals}
            label="refusals"
            empty={({ pages }) =>
              pages[0]?.items.length === 0 && (
                <EmptyState
                  icon={<ShieldCheck size={20} />}
                  title="Nothing was refused"
                  action={
                    (code || key) && (
                      <Button variant="default" onClick={() => only({ code: undefined, key: undefined })}>
                        Remove the filter
                      </Button>
                    )
                  }
                >
                  {code || key ? 'Not of this kind, in the last seven days.' : 'Not in the last seven days.'}
                </EmptyState>
              )
            }
          >
            {({ pages }) => (
              <RefusalsTable items={pages.flatMap((page) => page.items)} names={names} onShow={show} />
            )}
          </Loaded>
          <ShowMore query={refusals} />
        </Panel>
      </div>
    </>
  );
}
