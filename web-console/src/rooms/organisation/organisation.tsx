import { Button, Skeleton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Boxes, Plus } from 'lucide-react';
import { appsQuery } from '../../api/apps';
import { CreateAppDialog } from '../../frame/create-app';
import { useOrganisation } from '../../frame/use-organisation';
import { ErrorNotice } from '../../ui/errors';
import { EmptyState, Mono, PageHeader, Panel, Tag } from '../../ui/page';
import { Time } from '../../ui/time';
import { GatewaysPanel } from './gateways';
import css from './organisation.module.css';

export default function OrganisationRoom() {
  const organisation = useOrganisation();
  const [creating, create] = useDisclosure(false);
  const apps = useQuery(appsQuery(organisation.id));
  return (
    <>
      <PageHeader
        title={organisation.name}
        lede="All its apps, and the gateways that serve them."
        actions={
          <Button leftSection={<Plus size={15} aria-hidden />} onClick={create.open}>
            Create app
          </Button>
        }
      />
      <div className={css.stack}>
        {apps.error && <ErrorNotice error={apps.error} onRetry={() => void apps.refetch()} />}
        {apps.data?.length === 0 ? (
          <Panel flush>
            <EmptyState
              icon={<Boxes size={20} />}
              title="No apps yet"
              action={<Button onClick={create.open}>Create app</Button>}
            >
              An app has its own credentials, channels and limits.
            </EmptyState>
          </Panel>
        ) : (
          <div className={css.apps}>
            {apps.isPending && [1, 2].map((n) => <Skeleton key={n} h={104} radius="md" />)}
            {apps.data?.map((app) => (
              <Link key={app.id} to="/apps/$appId" params={{ appId: app.id }} className={css.app}>
                <span className={css.appHead}>
                  <span className={css.appName}>{app.name}</span>
                  {app.enabled ? <Tag tone="good">enabled</Tag> : <Tag>disabled</Tag>}
                </span>
                <span className={css.appFoot}>
                  <Mono>{app.id}</Mono>
                  <span>
                    made <Time iso={app.created_at} />
                  </span>
                </span>
              </Link>
            ))}
          </div>
        )}
        <GatewaysPanel />
      </div>
      <CreateAppDialog opened={creating} onClose={create.close} />
    </>
  );
}
