import { NumberInput, Switch, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { App, AppLimits } from '../../api/types';
import { CopyField } from '../../ui/copy';
import { originsProblem } from './origin';
import { SavePanel } from './save-panel';
import css from './settings.module.css';

export function GeneralPanel({ app }: { app: App }) {
  const form = useForm({
    initialValues: { name: app.name },
    validate: {
      name: (name) =>
        name.trim() === '' ? 'Give the app a name' : name.length > 64 ? 'At most 64 characters' : null,
    },
  });
  return (
    <SavePanel
      app={app}
      title="General"
      help="What the app is called here"
      form={form}
      patch={({ name }) => ({ name: name.trim() })}
    >
      <div className={css.rows}>
        <TextInput label="Name" maw="24rem" {...form.getInputProps('name')} />
        <CopyField label="App id" value={app.id} />
      </div>
    </SavePanel>
  );
}

const SWITCHES = [
  {
    field: 'client_events',
    label: 'Client events',
    help: 'Subscribers of private and presence channels may send client- events to each other.',
  },
  {
    field: 'subscription_counting',
    label: 'Subscription counting',
    help: 'Subscribers are told how many others there are whenever that number changes.',
  },
  {
    field: 'watchlist_events',
    label: 'Watchlist events',
    help: 'Signed-in users hear when people on their watchlist come online or leave.',
  },
  {
    field: 'authorized_connections_only',
    label: 'Authorised connections only',
    help: 'A connection that has not signed in or joined a private channel within 30 seconds is closed.',
  },
] as const;

export function BehaviourPanel({ app }: { app: App }) {
  const { client_events, subscription_counting, watchlist_events, authorized_connections_only } =
    app.settings;
  const form = useForm({
    initialValues: { client_events, subscription_counting, watchlist_events, authorized_connections_only },
  });
  return (
    <SavePanel
      app={app}
      title="Behaviour"
      help="What connected clients may do and are told"
      form={form}
      patch={(values) => ({ settings: { ...app.settings, ...values } })}
    >
      <div className={css.rows}>
        {SWITCHES.map(({ field, label, help }) => (
          <Switch
            key={field}
            label={label}
            description={help}
            {...form.getInputProps(field, { type: 'checkbox' })}
          />
        ))}
      </div>
    </SavePanel>
  );
}

export function OriginsPanel({ app }: { app: App }) {
  const form = useForm({
    initialValues: { allowed_origins: app.settings.allowed_origins },
    validate: { allowed_origins: originsProblem },
  });
  return (
    <SavePanel
      app={app}
      title="Allowed origins"
      help="Which web pages may open a socket"
      form={form}
      patch={({ allowed_origins }) => ({ settings: { ...app.settings, allowed_origins } })}
    >
      <TagsInput
        label="Origins"
        description="Empty: any page. Otherwise browsers on other pages are refused with 4009. Enter adds one."
        placeholder="https://example.com"
        splitChars={[',', ' ']}
        clearable
        clearButtonProps={{ 'aria-label': 'Remove all origins' }}
        {...form.getInputProps('allowed_origins')}
      />
    </SavePanel>
  );
}

/** Words for the limits this console knows; one that is newer than it is shown under its own name. */
const LIMITS: Record<string, { label: string; help: string; unit?: string }> = {
  max_connections: { label: 'Connections', help: 'Open at the same time' },
  max_publishes_per_s: { label: 'Publishes', help: 'Over HTTP, whole app', unit: ' per second' },
  max_client_events_per_s: { label: 'Client events', help: 'Of one connection', unit: ' per second' },
  max_event_bytes: { label: 'Event size', help: 'Largest payload', unit: ' bytes' },
  max_presence_members: { label: 'Presence members', help: 'In one channel' },
  max_presence_member_bytes: { label: 'Member data', help: 'Of one presence member', unit: ' bytes' },
  max_channels_per_event: { label: 'Channels per publish', help: 'Named in one request' },
  max_batch_events: { label: 'Batch size', help: 'Events in one request' },
  max_channels_per_connection: { label: 'Channels per connection', help: 'Subscribed at the same time' },
  max_channel_name_bytes: { label: 'Channel name', help: 'Longest', unit: ' bytes' },
  max_event_name_bytes: { label: 'Event name', help: 'Longest', unit: ' bytes' },
};

export function LimitsPanel({ app }: { app: App }) {
  const limits = app.limits as Record<string, unknown>;
  const fields = Object.keys(limits).filter((field) => typeof limits[field] === 'number');
  const form = useForm({
    initialValues: Object.fromEntries(fields.map((field) => [field, limits[field] as number | string])),
    validate: Object.fromEntries(
      fields.map((field) => [
        field,
        (value: number | string) =>
          typeof value === 'number' && Number.isInteger(value) && value > 0 ? null : 'A whole number above 0',
      ]),
    ),
  });
  return (
    <SavePanel
      app={app}
      title="Limits"
      help="Where this app is stopped, so that a mistake stays small"
      form={form}
      patch={(values) => ({ limits: { ...app.limits, ...(values as unknown as AppLimits) } })}
    >
      <div className={css.limits}>
        {fields.map((field) => (
          <NumberInput
            key={field}
            label={LIMITS[field]?.label ?? field.replaceAll('_', ' ')}
            description={LIMITS[field]?.help}
            suffix={LIMITS[field]?.unit}
            min={1}
            allowDecimal={false}
            thousandSeparator=","
            hideControls
            {...form.getInputProps(field)}
          />
        ))}
      </div>
    </SavePanel>
  );
}
