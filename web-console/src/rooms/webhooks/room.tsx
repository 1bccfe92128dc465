import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay } from '../../api/team';
import { useApp } from '../../frame/use-apps';
import { useOrganisation } from '../../frame/use-organisation';
import { EndpointPage } from './endpoint';
import { EndpointsPage } from './endpoints';

/** The four places of this room: all endpoints or one, of an app or of an organisation. */
export function AppWebhooks() {
  const app = useApp();
  const may = useMay(app.organisation_id);
  const { create } = useSearch({ from: '/signed-in/apps/$appId/webhooks' });
  const navigate = useNavigate({ from: '/apps/$appId/webhooks' });
  return (
    <EndpointsPage
      key={app.id}
      owner={{ of: 'apps', id: app.id }}
      name={app.name}
      mayChange={may('apps.write')}
      // In the address, so that the command palette and a link can open the dialog.
      creating={create === true}
      onCreating={(creating) => void navigate({ search: creating ? { create: true } : {}, replace: true })}
    />
  );
}

export function AppEndpoint() {
  const app = useApp();
  const may = useMay(app.organisation_id);
  const { endpointId } = useParams({ from: '/signed-in/apps/$appId/webhooks/$endpointId' });
  return (
    <EndpointPage
      key={endpointId}
      owner={{ of: 'apps', id: app.id }}
      id={endpointId}
      mayChange={may('apps.write')}
    />
  );
}

export function OrganisationWebhooks() {
  const organisation = useOrganisation();
  const may = useMay(organisation.id);
  const [creating, setCreating] = useState(false);
  return (
    <EndpointsPage
      key={organisation.id}
      owner={{ of: 'organisations', id: organisation.id }}
      name={organisation.name}
      mayChange={may('organisation.write')}
      creating={creating}
      onCreating={setCreating}
    />
  );
}

export function OrganisationEndpoint() {
  const organisation = useOrganisation();
  const may = useMay(organisation.id);
  const { endpointId } = useParams({ from: '/signed-in/organisations/$orgId/webhooks/$endpointId' });
  return (
    <EndpointPage
      key={endpointId}
      owner={{ of: 'organisations', id: organisation.id }}
      id={endpointId}
      mayChange={may('organisation.write')}
    />
  );
}
