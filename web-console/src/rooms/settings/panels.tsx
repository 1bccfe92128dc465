import { NumberInput, Select, Switch, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { App } from '../../api/types';
import { CopyField } from '../../ui/copy';
import type { Fields } from './changes';
import { originsProblem } from './origin';
import { SavePanel } from './save-panel';
import css from './settings.module.css';

export function GeneralPanel({ app }: { app: App }) {
  const form = useForm({
    initialValues: { name: app.name },
    validate: {
      name: (name) =>
        name.trim() === '' ? 'Give the app a name' : name.length > 100 ? 'At most 100 characters' : null,
    },
  });
  return (
    <SavePanel
      app={app}
      title="General"
      help="What the app is called here"
      form={form}
      fields={{ name: { label: 'Name' } }}
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
  {
    field: 'tls_only',
    label: 'TLS only',
    help: 'Connections without TLS are refused with 4000.',
  },
] as const;

const TERMINATED: Record<string, string> = { '4200': 'Reconnect (4200)', '4009': 'Stay away (4009)' };

const seconds = (value: boolean | number | string) => `${value.toLocaleString()} seconds`;
const BEHAVIOUR: Fields<Record<string, boolean | number | string>> = {
  ...Object.fromEntries(SWITCHES.map(({ field, label }) => [field, { label }])),
  cache_ttl_s: { label: 'Cached event', show: seconds },
  activity_timeout_s: { label: 'Silence before a ping', show: seconds },
  terminate_code: { label: 'Terminated users', show: (code) => TERMINATED[String(code)] ?? String(code) },
};

export function BehaviourPanel({ app }: { app: App }) {
  const { cache_ttl_s, activity_timeout_s, terminate_code } = app.settings;
  const form = useForm<Record<string, boolean | number | string>>({
    initialValues: {
      ...Object.fromEntries(SWITCHES.map(({ field }) => [field, app.settings[field]])),
      cache_ttl_s,
      activity_timeout_s,
      terminate_code: String(terminate_code),
    },
    validate: {
      cache_ttl_s: (value) => rangeProblem(value, 60, 86_400),
      activity_timeout_s: (value) => rangeProblem(value, 10, 120),
    },
  });
  return (
    <SavePanel
      app={app}
      title="Behaviour"
      help="What connected clients may do and are told"
      form={form}
      fields={BEHAVIOUR}
      patch={(values) => ({ settings: { ...values, terminate_code: Number(values['terminate_code']) } })}
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
        <div className={css.limits}>
          <NumberInput
            label="Cached event"
            description="Kept this long in cache channels"
            suffix=" seconds"
            min={60}
            max={86_400}
            clampBehavior="none"
            allowDecimal={false}
            thousandSeparator=","
            hideControls
            {...form.getInputProps('cache_ttl_s')}
          />
          <NumberInput
            label="Silence before a ping"
            description="Then the connection is probed"
            suffix=" seconds"
            min={10}
            max={120}
            clampBehavior="none"
            allowDecimal={false}
            hideControls
            {...form.getInputProps('activity_timeout_s')}
          />
          <Select
            label="Terminated users"
            description="What their clients do next"
            allowDeselect={false}
            data={Object.entries(TERMINATED).map(([value, label]) => ({ value, label }))}
            {...form.getInputProps('terminate_code')}
          />
        </div>
      </div>
    </SavePanel>
  );
}

export function rangeProblem(value: unknown, min: number, max: number): string | null {
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  return fits ? null : `A whole number from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}`;
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
      fields={{ allowed_origins: { label: 'Origins' } }}
      patch={({ allowed_origins }) => ({ settings: { allowed_origins } })}
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
