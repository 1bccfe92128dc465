import { NumberInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { App } from '../../api/types';
import type { Fields } from './changes';
import { rangeProblem } from './panels';
import { SavePanel } from './save-panel';
import css from './settings.module.css';

/** Words and bounds of the limits; the bounds are the API's. */
const LIMITS = [
  {
    field: 'max_connections',
    label: 'Connections',
    help: 'Open at the same time',
    unit: '',
    min: 1,
    max: 1_000_000,
  },
  {
    field: 'max_publishes_per_s',
    label: 'Publishes',
    help: 'Back ends and Metered peers',
    unit: ' per second',
    min: 1,
    max: 1_000_000,
  },
  {
    field: 'max_reads_per_s',
    label: 'Reads',
    help: 'Over HTTP, whole app',
    unit: ' per second',
    min: 1,
    max: 100_000,
  },
  {
    field: 'max_client_events_per_s',
    label: 'Client events',
    help: 'Of one connection',
    unit: ' per second',
    min: 1,
    max: 1_000,
  },
  {
    field: 'max_event_bytes',
    label: 'Event size',
    help: 'Payloads of Pusher',
    unit: ' bytes',
    min: 1_024,
    max: 262_144,
  },
  {
    field: 'max_payload_bytes',
    label: 'Message size',
    help: 'Payloads of the others',
    unit: ' bytes',
    min: 1_024,
    max: 262_144,
  },
  {
    field: 'max_presence_members',
    label: 'Presence members',
    help: 'In one channel',
    unit: '',
    min: 1,
    max: 10_000,
  },
  {
    field: 'max_member_bytes',
    label: 'Member data',
    help: 'Of one presence member',
    unit: ' bytes',
    min: 128,
    max: 10_240,
  },
  {
    field: 'max_channels_per_connection',
    label: 'Subscriptions',
    help: 'Of one connection',
    unit: '',
    min: 1,
    max: 10_000,
  },
] as const satisfies readonly { field: keyof App['limits']; [word: string]: string | number }[];

type Field = (typeof LIMITS)[number]['field'];

const FIELDS = Object.fromEntries(
  LIMITS.map(({ field, label, unit }) => [
    field,
    {
      label,
      show: (value: number | string) =>
        value === '' ? 'as the plan has it' : `${value.toLocaleString('en')}${unit}`,
    },
  ]),
) as Fields<Record<Field, number | string>>;

/** What the app's owner set; an empty field is as the plan allows. */
export function LimitsPanel({ app }: { app: App }) {
  const own = app.own_limits;
  const form = useForm<Record<Field, number | string>>({
    initialValues: Object.fromEntries(LIMITS.map(({ field }) => [field, own[field] ?? ''])) as Record<
      Field,
      number | string
    >,
    validate: Object.fromEntries(
      LIMITS.map(({ field, min, max }) => [
        field,
        (value: unknown) => (value === '' ? null : rangeProblem(value, min, max)),
      ]),
    ),
  });
  return (
    <SavePanel
      app={app}
      title="Limits"
      help="Where this app is stopped, below what the plan allows. Empty: as the plan has it"
      form={form}
      fields={FIELDS}
      patch={(values) => ({
        limits: Object.fromEntries(
          LIMITS.filter(({ field }) => values[field] !== (own[field] ?? '')).map(({ field }) => [
            field,
            values[field] === '' ? null : Number(values[field]),
          ]),
        ),
      })}
    >
      <div className={css.limits}>
        {LIMITS.map(({ field, label, help, unit, min, max }) => (
          <NumberInput
            key={field}
            label={label}
            description={help}
            placeholder={`${app.limits[field].toLocaleString('en')}${unit}`}
            suffix={unit}
            min={min}
            max={max}
            clampBehavior="none"
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
