import { NumberInput, Switch } from '@mantine/core';
import { useForm } from '@mantine/form';
import { ShieldAlert } from 'lucide-react';
import type { App } from '../../api/types';
import { Mono, Notice } from '../../ui/page';
import type { Fields } from './changes';
import { DialectPanel, type DialectForm } from './dialect-panel';
import { rangeProblem } from './panels';
import css from './settings.module.css';

type Options = App['settings']['anycable'];

const OPEN = [
  {
    field: 'anonymous',
    label: 'Clients without a token',
    help: 'Off: a client must bring a token that your back end signed with the app secret.',
  },
  {
    field: 'public_streams',
    label: 'Streams by plain name',
    help: 'Off: a client must bring a stream name that your back end signed.',
  },
] as const satisfies Switches;

const REST = [
  {
    field: 'whisper',
    label: 'Whispers',
    help: 'Subscribers of a signed stream may send to each other, past your back end.',
  },
  {
    field: 'presence',
    label: 'Presence',
    help: 'Clients may join a stream’s presence, and back ends may read who is there.',
  },
  {
    field: 'end_with_token',
    label: 'End connections with their token',
    help: 'Off: a token is checked when its client connects, and an open connection outlives it.',
  },
  {
    field: 'sse',
    label: 'Server-sent events',
    help: 'Streams can be read with an EventSource, where WebSockets do not get through.',
  },
  {
    field: 'turbo_streams',
    label: 'Turbo Streams',
    help: 'Signed names of Hotwire’s stream tags are taken.',
  },
  {
    field: 'cable_ready',
    label: 'CableReady',
    help: 'Signed names of CableReady’s stream tags are taken.',
  },
] as const satisfies Switches;

type Switches = readonly { field: keyof Options; label: string; help: string }[];

const seconds = (value: number) => `${value} seconds`;
const FIELDS = {
  ...(Object.fromEntries([...OPEN, ...REST].map(({ field, label }) => [field, { label }])) as Fields<
    Omit<Options, 'presence_grace_s'>
  >),
  presence_grace_s: { label: 'Presence after a lost connection', show: seconds },
};

export function AnyCablePanel({ app }: { app: App }) {
  const form = useForm<DialectForm & Options>({
    initialValues: { on: app.settings.dialects.anycable, ...app.settings.anycable },
    validate: { presence_grace_s: (value) => rangeProblem(value, 0, 300) },
  });
  const { anonymous, public_streams, presence } = form.values;
  const switches = (list: Switches) =>
    list.map(({ field, label, help }) => (
      <Switch
        key={field}
        label={label}
        description={help}
        {...form.getInputProps(field, { type: 'checkbox' })}
      />
    ));
  return (
    <DialectPanel
      app={app}
      dialect="anycable"
      title="AnyCable"
      help="For @anycable/web, @rails/actioncable and AnyCable’s broadcast API. Its secret is the app secret."
      form={form}
      fields={FIELDS}
      settings={({ on: _switch, ...anycable }) => ({ anycable })}
    >
      {switches(OPEN)}
      {public_streams && (
        <Notice
          tone="warn"
          icon={<ShieldAlert size={17} aria-hidden />}
          title={
            anonymous
              ? 'Whoever knows the app key can hear any stream whose name they guess.'
              : 'Whoever has a token can hear any stream whose name they guess.'
          }
        >
          <p style={{ margin: 0 }}>
            Streams named <Mono>private-…</Mono> and <Mono>presence-…</Mono> still need a signed name.
          </p>
        </Notice>
      )}
      {switches(REST)}
      {presence && (
        <div className={css.limits}>
          <NumberInput
            label="Presence after a lost connection"
            description="Back within it, nobody notices"
            suffix=" seconds"
            min={0}
            max={300}
            clampBehavior="none"
            allowDecimal={false}
            hideControls
            {...form.getInputProps('presence_grace_s')}
          />
        </div>
      )}
    </DialectPanel>
  );
}
