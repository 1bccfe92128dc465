import { ActionIcon, Button, Group, Menu, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ArrowLeft, CirclePause, CirclePlay, Ellipsis, Pencil, RefreshCw, Send, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { endpointQuery, usePatchEndpoint, type Endpoint, type Owner } from '../../api/webhooks';
import { CopyIcon } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { PageHeader } from '../../ui/page';
import { hostOf } from '../../webhooks/url';
import { Attempts } from './attempts';
import { DeleteEndpoint } from './delete';
import { Deliveries } from './deliveries';
import { EndpointDialog } from './endpoint-dialog';
import { AllEndpointsLink } from './links';
import { RotateSecretDialog } from './secret';
import { TestDialog } from './send-test';
import { EndpointState, EndpointSummary } from './summary';
import { Verify } from './verify';
import css from './webhooks.module.css';

const TABS = [
  { value: 'deliveries', label: 'Deliveries' },
  { value: 'attempts', label: 'Requests' },
  { value: 'verify', label: 'Verify' },
] as const;
type Tab = (typeof TABS)[number]['value'];

export function EndpointPage({ owner, id, mayChange }: { owner: Owner; id: string; mayChange: boolean }) {
  const endpoint = useQuery(endpointQuery(owner, id));
  return (
    <>
      <AllEndpointsLink owner={owner} className={css.back}>
        <ArrowLeft size={14} aria-hidden /> Webhooks
      </AllEndpointsLink>
      {endpoint.data ? (
        <EndpointRoom owner={owner} endpoint={endpoint.data} mayChange={mayChange} />
      ) : (
        <>
          <PageHeader title="Endpoint" />
          <Loaded query={endpoint} label="the endpoint">
            {() => null}
          </Loaded>
        </>
      )}
    </>
  );
}

function EndpointRoom({
  owner,
  endpoint,
  mayChange,
}: {
  owner: Owner;
  endpoint: Endpoint;
  mayChange: boolean;
}) {
  const { tab = 'deliveries' } = useSearch({ strict: false }) as { tab?: Tab };
  const navigate = useNavigate();
  const patch = usePatchEndpoint(owner);
  const [open, setOpen] = useState<'test' | 'edit' | 'rotate' | 'delete' | null>(null);
  const close = () => setOpen(null);
  const setTab = (value: string | null) => {
    const found = TABS.find((one) => one.value === value)?.value;
    const search = { tab: found === 'deliveries' ? undefined : found };
    void (owner.of === 'apps'
      ? navigate({
          to: '/apps/$appId/webhooks/$endpointId',
          params: { appId: owner.id, endpointId: endpoint.id },
          search,
          replace: true,
        })
      : navigate({
          to: '/organisations/$orgId/webhooks/$endpointId',
          params: { orgId: owner.id, endpointId: endpoint.id },
          search,
          replace: true,
        }));
  };
  const enable = (enabled: boolean) => patch.mutate({ id: endpoint.id, patch: { enabled } });
  return (
    <>
      <PageHeader
        title={endpoint.description || hostOf(endpoint.url)}
        lede={
          <span className={css.titleUrl}>
            <span className={css.url}>{endpoint.url}</span>
            <CopyIcon value={endpoint.url} label="URL" />
          </span>
        }
        actions={
          mayChange && (
            <Group gap="xs" wrap="nowrap">
              <Button leftSection={<Send size={15} aria-hidden />} onClick={() => setOpen('test')}>
                Send test
              </Button>
              <Button
                variant="default"
                leftSection={<Pencil size={15} aria-hidden />}
                onClick={() => setOpen('edit')}
              >
                Edit
              </Button>
              <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
                <Menu.Target>
                  <ActionIcon size={36} variant="default" aria-label="More actions">
                    <Ellipsis size={16} aria-hidden />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  {endpoint.form === 'standard' && (
                    <Menu.Item
                      leftSection={<RefreshCw size={15} aria-hidden />}
                      onClick={() => setOpen('rotate')}
                    >
                      Rotate signing secret…
                    </Menu.Item>
                  )}
                  <Menu.Item
                    leftSection={
                      endpoint.enabled ? (
                        <CirclePause size={15} aria-hidden />
                      ) : (
                        <CirclePlay size={15} aria-hidden />
                      )
                    }
                    onClick={() => enable(!endpoint.enabled)}
                  >
                    {endpoint.enabled ? 'Disable' : 'Enable'}
                  </Menu.Item>
                  <Menu.Item
                    color="var(--sb-bad)"
                    leftSection={<Trash2 size={15} aria-hidden />}
                    onClick={() => setOpen('delete')}
                  >
                    Delete…
                  </Menu.Item>
                </Menu.Dropdown>
              </Menu>
            </Group>
          )
        }
      />
      <div className={layout.stack}>
        {patch.error && <ErrorNotice error={patch.error} />}
        <EndpointState
          endpoint={endpoint}
          onEnable={mayChange ? () => enable(true) : undefined}
          busy={patch.isPending}
        />
        <EndpointSummary owner={owner} endpoint={endpoint} />
        <Tabs value={tab} onChange={setTab} keepMounted={false}>
          <Tabs.List aria-label="Of this endpoint" mb="md">
            {TABS.map(({ value, label }) => (
              <Tabs.Tab key={value} value={value}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="deliveries">
            <Deliveries owner={owner} endpoint={endpoint} mayChange={mayChange} />
          </Tabs.Panel>
          <Tabs.Panel value="attempts">
            <Attempts owner={owner} endpoint={endpoint} />
          </Tabs.Panel>
          <Tabs.Panel value="verify">
            <Verify owner={owner} endpoint={endpoint} />
          </Tabs.Panel>
        </Tabs>
      </div>
      <TestDialog owner={owner} endpoint={open === 'test' ? endpoint : null} onClose={close} />
      <EndpointDialog owner={owner} opened={open === 'edit'} endpoint={endpoint} onClose={close} />
      <RotateSecretDialog owner={owner} endpoint={endpoint} opened={open === 'rotate'} onClose={close} />
      <DeleteEndpoint
        owner={owner}
        endpoint={open === 'delete' ? endpoint : null}
        onClose={close}
        onDeleted={() =>
          void (owner.of === 'apps'
            ? navigate({ to: '/apps/$appId/webhooks', params: { appId: owner.id } })
            : navigate({ to: '/organisations/$orgId/webhooks', params: { orgId: owner.id } }))
        }
      />
    </>
  );
}
