import { Button, Switch, TagsInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { alertSettingsQuery, useSaveAlerts } from '../../api/billing';
import { asProblem } from '../../api/problem';
import { useMay } from '../../api/team';
import type { AlertSettings } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { notify } from '../../ui/notify';
import { Panel } from '../../ui/page';

export function AlertsPanel({ org }: { org: string }) {
  const settings = useQuery(alertSettingsQuery(org));
  return (
    <Panel title="Alerts" help="By mail to owners and billing, once each per day or period">
      <Loaded query={settings} label="alerts">
        {(found) => <AlertsForm org={org} settings={found} />}
      </Loaded>
    </Panel>
  );
}

const isPercent = (text: string) => /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100;

function AlertsForm({ org, settings }: { org: string; settings: AlertSettings }) {
  const save = useSaveAlerts(org);
  const may = useMay(org);
  const form = useForm({
    initialValues: { ...settings, thresholds: settings.thresholds.map(String) },
    validate: {
      thresholds: (list) =>
        list.length > 10 ? 'At most ten' : list.every(isPercent) ? null : 'Whole per cent from 1 to 100',
    },
  });
  const submit = form.onSubmit(({ thresholds, ...which }) =>
    save.mutate(
      { ...which, thresholds: thresholds.map(Number).sort((a, b) => a - b) },
      {
        onSuccess: () => {
          form.resetDirty();
          notify('Alerts saved.');
        },
        onError: (error) => form.setErrors(asProblem(error).byNameIn(['thresholds'])),
      },
    ),
  );
  return (
    <form onSubmit={submit} noValidate aria-label="Alerts" className={layout.stack}>
      <TagsInput
        label="At (per cent)"
        description="Enter adds one"
        maw="26rem"
        splitChars={[',', ' ', '%']}
        {...form.getInputProps('thresholds')}
      />
      <Switch label="Of the message quota" {...form.getInputProps('messages', { type: 'checkbox' })} />
      <Switch label="Of the connections" {...form.getInputProps('connections', { type: 'checkbox' })} />
      <Switch label="Of the spending limit" {...form.getInputProps('spending', { type: 'checkbox' })} />
      {save.error && asProblem(save.error).fields.length === 0 && <ErrorNotice error={save.error} />}
      {may('billing.write') && (
        <div>
          <Button type="submit" variant="default" disabled={!form.isDirty()} loading={save.isPending}>
            Save the alerts
          </Button>
        </div>
      )}
    </form>
  );
}
